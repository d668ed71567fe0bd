"""Graph files: YAML text and the graph it stands for, every problem with its line."""

from dataflow.graphfile.read import check as check
from dataflow.graphfile.read import load as load
