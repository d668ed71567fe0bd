"""Blocks for the values that a graph is given: inputs, constants, and values passed on."""
