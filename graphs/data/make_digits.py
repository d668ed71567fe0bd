"""Writes digits.npz: scikit-learn's digits as float32 in 0..1, a fixed split, and a linear classifier fitted to it.

Needs scikit-learn, which the project itself does not: ``pip install scikit-learn && python make_digits.py``.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

images, labels = load_digits(return_X_y=True)
order = np.random.RandomState(0).permutation(len(images))
x = (images[order] / 16).astype(np.float32)
y = labels[order].astype(np.int64)
x_train, x_test, y_train, y_test = x[:1437], x[1437:], y[:1437], y[1437:]

# Least squares of one-hot labels on the training images and a column of ones, which gives the bias. The rows of
# weight decay keep pixels that are hardly ever lit from getting huge weights.
design = np.hstack([x_train, np.ones((len(x_train), 1), np.float32)]).astype(np.float64)
decay = np.eye(65)
solution = np.linalg.lstsq(
    np.vstack([design, decay]), np.vstack([np.eye(10)[y_train], np.zeros((65, 10))]), rcond=None
)[0].astype(np.float32)

np.savez_compressed(
    Path(__file__).with_name("digits.npz"),
    x_train=x_train,
    y_train=y_train,
    x_test=x_test,
    y_test=y_test,
    w=solution[:64],
    b=solution[64],
)
