"""Blocks beside TensorFlow, with random attrs, shapes, values and layouts: ``python -m tests.golden.fuzz``.

What is asked stands in `cases`, how near the answers must be in `agreement`. Needs TensorFlow, as the recorder does.
"""
