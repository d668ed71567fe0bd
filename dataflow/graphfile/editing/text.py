"""The text of a graph file as it was parsed, and where it comes from."""

from __future__ import annotations

from functools import cached_property

from dataflow.core.errors import GraphFileError
from dataflow.graphfile.editing.relayout import laid_out
from dataflow.graphfile.parse import parse
from dataflow.graphfile.paths import Location, read_document
from dataflow.graphfile.spans import Span, spans
from dataflow.graphfile.tree import START, Document


class Text:
    """A text that is a graph file as far as YAML goes, and what is found out about it when it is first asked for."""

    def __init__(self, document: Document, in_layout: bool | None = None):
        if document.root is not None and not document.problems and not isinstance(document.root.data, dict):
            document.report(document.root.place, f"a graph file must be a mapping, got {document.root.kind}")
        if document.problems or document.root is None:
            raise GraphFileError(document.problems.values())
        self.document, self.root = document, document.root
        if in_layout is not None:
            self.in_layout = in_layout

    @property
    def whole(self) -> str:
        """The text with its byte order mark."""
        return self.document.mark + self.document.text

    @cached_property
    def spans(self) -> Span:
        """Where each value begins and ends."""
        return spans(self.document.text)

    @cached_property
    def in_layout(self) -> bool:
        """Whether it is as `dataflow fmt` writes it."""
        return laid_out(self.document) == self.document.text


def document_at(path: str, text: str | None) -> Document:
    """A text as it was parsed; without one that of the file."""
    if text is not None:
        return parse(text, path)
    try:
        location = Location.of(path)
    except ValueError as error:
        document = Document(path)
        document.report(START, str(error))
        return document
    return read_document(location.real, path)


def text_on_disk(path: str) -> str | None:
    """The text of a file; None where there is none."""
    document = document_at(path, None)
    return None if document.problems and not document.text else document.mark + document.text
