"""The committee's nodes as programs: keys, settings, the registry's chain, and three nodes on loopback for the demo."""
