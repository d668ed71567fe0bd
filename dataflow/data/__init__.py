"""Data of a graph: arrays in files, by row, in batches."""

from dataflow.data.splits import Split as Split
from dataflow.data.splits import load_data as load_data
from dataflow.data.splits import split as split
