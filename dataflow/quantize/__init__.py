"""From a float graph to integers: ranges, quantizers, what they cost, and integer graphs.

Passes take a `Model`, a graph with the values of its variables, and give one; each notes what it did and left alone.
"""

WIDTHS = "2,3,4,6,8"  # of weights, that a sweep tries where nothing else is said
