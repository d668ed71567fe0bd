"""What runs in the worker: the numerics of the studio, asked for by name and told of by events."""
