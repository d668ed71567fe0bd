"""Blocks that update variables by their gradients: optimizers."""
