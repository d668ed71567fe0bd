"""A block or a graph as plain data, text, Markdown, Mermaid, DOT or SVG."""

from dataflow.inspection.data import describe
from dataflow.inspection.diagram import dot, mermaid
from dataflow.inspection.page import block_markdown, text
from dataflow.inspection.picture import svg
from dataflow.inspection.search import find

__all__ = ["block_markdown", "describe", "dot", "find", "mermaid", "svg", "text"]
