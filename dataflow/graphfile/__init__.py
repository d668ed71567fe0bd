"""Graph files: YAML text and the graph it stands for, every problem with its line."""
