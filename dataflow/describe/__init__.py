"""A block or a graph as plain data, text, Markdown, Mermaid, DOT or SVG."""

from dataflow.describe.data import describe
from dataflow.describe.diagram import dot, mermaid
from dataflow.describe.page import block_markdown, text
from dataflow.describe.picture import block_svg, svg

__all__ = ["block_markdown", "block_svg", "describe", "dot", "mermaid", "svg", "text"]
