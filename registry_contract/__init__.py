"""The registry on an EVM chain: contracts (Solidity, under `src/`), and what deploys, calls and reads them."""
