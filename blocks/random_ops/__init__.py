"""Blocks that draw random numbers."""
