"""From a float graph to integers: ranges, quantizers, what they cost, and integer graphs.

Passes take a `Model`, a graph with the values of its variables, and give one; each notes what it did and left alone.
"""
