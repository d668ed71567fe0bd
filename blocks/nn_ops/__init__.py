"""Blocks of neural networks: activations, convolutions, pooling, normalizations, losses and ranking."""
