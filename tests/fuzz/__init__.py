"""Random graphs, run under every setting and compared bit for bit with their blocks called one by one.

``python -m tests.fuzz --seed 7 --minutes 2`` runs it by hand; `test_random_graphs.py` runs it with the tests.
"""
