"""Blocks that stand for what a graph is given: inputs, constants, values handed through."""
