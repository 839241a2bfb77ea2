"""The relayer: submits enrolments and ballots for people without an account, so that no address links to a voter.

A request comes in over HTTP (`server`), is held to its shape (`abi_json`) and checked without cost (`checks`), is
written to a queue that survives everything (`jobs`), and goes to the chain from there (`submitter`).
"""
