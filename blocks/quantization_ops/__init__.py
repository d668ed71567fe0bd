"""Blocks that quantize, dequantize, and simulate both on floats."""
