"""A text in hand, and the graph that it comes to."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Self
from weakref import WeakKeyDictionary

from dataflow.core.errors import Problem
from dataflow.graphfile.editing.blame import new_problems
from dataflow.graphfile.editing.editor import TextEditor
from dataflow.graphfile.editing.text import Text
from dataflow.graphfile.load import read
from dataflow.graphfile.load_context import LoadContext


class LoadedEditor(TextEditor):
    """The text of a graph file, and the load of it as it is now, which is kept as long as the text is."""

    def __init__(self, path: str | os.PathLike[str], text: str | None = None):
        super().__init__(path, text)
        self._contexts: WeakKeyDictionary[Text, LoadContext] = WeakKeyDictionary()
        self._params: Mapping[str, object] = {}
        self._texts: Mapping[str, str] = {}

    def context(self, again: bool = False) -> LoadContext:
        """The load of the text as it is now: its graph as far as it is right, and its problems.

        It is made when it is first asked for; ``again`` reads the other files that it names once more.
        """
        if again:
            self._contexts.pop(self._text, None)
        return self._context_of(self._text)

    def twin(self) -> Self:
        """Another editor of the text as it is now, to try edits on; what they load is kept for both."""
        made = copy(self)
        made._texts = self._given_texts
        made.forget()
        return made

    def _context_of(self, text: Text) -> LoadContext:
        if text not in self._contexts:
            self._contexts[text] = self._load(text)
        return self._contexts[text]

    def given(self, params: Mapping[str, object], texts: Mapping[str, str]) -> None:
        """Load from now on with these parameters, and with these texts of other graph files, by their real paths.

        Data files that parameters name must lie in the project.
        """
        self._params, self._texts = params, texts
        self._contexts.clear()

    def _load(self, text: Text) -> LoadContext:
        return read(self.path, self._params, text=text.document, texts=self._given_texts, outside=False)

    @property
    def _given_texts(self) -> Mapping[str, str]:
        """The texts of other files; those that were given may be later ones of files that edits made."""
        return {**{str(path): text for path, text in self.files.items()}, **self._texts}

    def problems(self, known: Sequence[Problem] = ()) -> list[Problem]:
        """What `dataflow check` would say of the text as it is now, but for what was ``known`` before."""
        return new_problems(known, self.context(again=True).problems())
