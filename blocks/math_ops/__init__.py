"""Blocks that compute by elements, fold axes and multiply matrices."""
