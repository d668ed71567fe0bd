"""Blocks that hold variables and change them."""
