"""An example of a dApp that asks people for proofs of personhood, receives them and uses them."""
