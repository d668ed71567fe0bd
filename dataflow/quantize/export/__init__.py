"""Integer graphs for others: C, test vectors, memory images, encodings.

`net.py` finds the part of a graph that computes with integers; what is written of it is in a module for each target.
"""
