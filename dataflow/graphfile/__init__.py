"""Graph files: YAML text and the graph it stands for, every problem with its line."""

from dataflow.graphfile.formatting import format_file as format_file
from dataflow.graphfile.loading import check as check
from dataflow.graphfile.loading import defaults as defaults
from dataflow.graphfile.loading import load as load
from dataflow.graphfile.scalars import scalar as scalar
from dataflow.graphfile.write import resolved_text as resolved_text
from dataflow.graphfile.write import save as save
