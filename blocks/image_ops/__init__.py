"""Blocks that resize images."""
