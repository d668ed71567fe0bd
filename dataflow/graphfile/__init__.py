"""Graph files: YAML text and the graph it stands for, every problem with its line."""

from dataflow.graphfile.load import check as check
from dataflow.graphfile.load import load as load
