"""Data of a graph: arrays in files, by row, in batches."""

from dataflow.training.data.row_order import shuffled as shuffled
from dataflow.training.data.splits import Split as Split
from dataflow.training.data.splits import load_data as load_data
from dataflow.training.data.splits import split as split
