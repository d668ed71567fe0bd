"""Blocks that make, index, cut, join and rearrange arrays."""
