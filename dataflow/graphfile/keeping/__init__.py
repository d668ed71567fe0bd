"""A graph that came from a file, written as that file with what has changed since."""
