"""A comparison that notices a tampering node: replicated shares throughout, and every step of a node is checked.

Three nodes, numbered 0, 1 and 2, counted modulo 3. A secret is the sum (or exclusive or) of three slots; node j holds
slots j and j + 1. What is checked, and how probably a lie passes, stands in the modules.
"""
