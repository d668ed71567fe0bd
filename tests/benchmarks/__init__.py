"""Measurements against NumPy and against other frameworks, where those are installed. See docs/performance.md."""
