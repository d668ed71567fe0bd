"""Reports of the project as pages of their own, at addresses that only this studio can make.

A tab that is opened by a link can send no token. So the address of a report is signed, by a key that is made at each
start and told to nobody; pages are told the address over the socket, which needs the token.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import quote

from dataflow.core.errors import DataflowError
from dataflow.files import RegularFile, ResolvedPath, Unreadable
from dataflow.quantize.report_page import BEGINNING, ENDING
from dataflow.studio.project import Project

PLACE = "/report"
MAX_BYTES = 32 << 20

# A report runs nothing, fetches nothing and is a stranger to the page. What is in a sandbox may not ask for a group of
# windows of its own, or browsers refuse it.
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox",
    "cross-origin-opener-policy": "unsafe-none",
}


class Reports:
    """The reports of a project that pages may open."""

    def __init__(self, project: Project):
        self._project, self._key = project, secrets.token_bytes(32)

    def address(self, path: str) -> str:
        """Where the file that pages name so is served; "" for one that is no report."""
        return f"{PLACE}/{self._signature(path)}/{quote(path)}" if path.endswith(ENDING) else ""

    def read(self, signature: str, path: str) -> bytes | None:
        """The report at an address; None where that was not made here, or the file is no report of ours."""
        if not hmac.compare_digest(signature.encode(), self._signature(path).encode()):
            return None
        try:
            file = RegularFile(ResolvedPath(self._project.find(path)), MAX_BYTES)
            content = file.read(0, file.size)
        except (DataflowError, Unreadable):
            return None
        return content if content.startswith(BEGINNING.encode()) else None

    def _signature(self, path: str) -> str:
        return hmac.digest(self._key, path.encode(errors="replace"), "sha256").hex()
