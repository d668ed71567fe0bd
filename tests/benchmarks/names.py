"""Names that cases, goals and reports share: of families of cases and of contenders."""

from __future__ import annotations

FORWARD, GRADIENT = "Fake quantization", "Gradient of fake quantization"
CHANNELS, CHANNELS_GRADIENT = "Fake quantization per channel", "Gradient of fake quantization per channel"
ROUND_TRIP, MEASURED = "Quantize and dequantize", "Quantize and dequantize, range measured"
OUTSIDE, CHAIN, OVERHEAD = "Many values outside of the range", "Chain of 10 elementwise nodes", "Overhead per node"
PLANNING, TRAINING, CONVOLUTION = "Planning", "Training step", "Convolution"
INTEGERS = "Integer products"
CALLS, LAYOUTS, BUSY = "A block called on arrays", "Other layouts and dtypes", "A product beside busy cores"
LIBRARY, FUNCTIONS = "Library beside TensorFlow", "Functions of NumPy beside TensorFlow"
MEMORY, START = "Memory of a run", "Start of a process"

EAGER, NUMPY, JIT = OURS = "eager", "numpy ", "jit "  # what the names of our contenders begin with
FIRST, FIRST_JIT = "numpy 1 thread", "jit 1 thread"
TENSORFLOW = "TF eager"
PLAIN = "plain "  # those of the same blocks on float32 in C order
FLOATS = "float32 "  # what the names of the same products of floats, ours too, begin with

COPY, UFUNC, BUILDING, HANDWRITTEN, NAIVE = "copy", "np.add", "building the graph", "hand-written NumPy", "naive NumPy"
OUTPUTS, PLAN, LOADING = "outputs", "planning", "loading its file"
LOOP, ALONE, BESIDE = "Numba loop", "alone", "all cores busy"
IMPORT_CLICK, IMPORT_NUMPY, IMPORT = "import click", "import numpy", "import dataflow"
HELP, CHECK = "dataflow --help", "dataflow check"
