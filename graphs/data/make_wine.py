"""Writes wine.csv: scikit-learn's wines as a table with names for the cultivars and the colors, and with gaps.

Needs scikit-learn, which the project itself does not: ``pip install scikit-learn && python make_wine.py``.
"""

import csv
from pathlib import Path

import numpy as np
from sklearn.datasets import load_wine

CULTIVARS = ("barolo", "grignolino", "barbera")
wines = load_wine()
names = ["cultivar", *wines.feature_names]
rows = [
    [CULTIVARS[label], *(f"{value:g}" for value in values)]
    for label, values in zip(wines.target, wines.data, strict=True)
]

# The intensity of the color becomes a word, and one field in thirty is left empty.
color = names.index("color_intensity")
names[color] = "color"
for row in rows:
    row[color] = "pale" if float(row[color]) < 3.5 else "medium" if float(row[color]) < 6 else "deep"
random = np.random.RandomState(0)
random.shuffle(rows)
for row in rows:
    for column in range(1, len(row)):
        if random.random_sample() < 1 / 30:
            row[column] = ""

with Path(__file__).with_name("wine.csv").open("w", newline="", encoding="utf-8") as file:
    csv.writer(file, lineterminator="\n").writerows([names, *rows])
