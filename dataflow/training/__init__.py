"""Training: the step as a graph, the data it is fed, the trainer that runs it, and checkpoints."""
