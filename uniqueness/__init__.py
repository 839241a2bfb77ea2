"""The uniqueness committee: three nodes learn whether a new code is close to an enrolled one, and nothing else.

What is here is the arithmetic and its checks: shares and their binding to the code proof, the comparison, the engines
for its last step. The node service, its storage and its transport are not.
"""
