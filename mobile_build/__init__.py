"""Packaging for phones: what ships, how it is put together, and what can be checked of it without a phone."""
