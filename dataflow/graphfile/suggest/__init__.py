"""What may come next in a graph file: blocks that fit a port, what makes a wire right, and words for the text."""
