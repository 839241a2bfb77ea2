"""The program: it alone knows the order of things; everything else does one thing."""
