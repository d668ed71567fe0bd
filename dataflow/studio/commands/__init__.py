"""The commands of the protocol, each in the module of what it is about.

COMMANDS run one after another, with the lock of the studio held. QUERIES take long or only ask: they run beside.
"""

from __future__ import annotations

from dataflow.studio.commands import edit, files, preview, quantization, runs, session, suggest, training, values, view
from dataflow.studio.studio import Handler

COMMANDS: dict[str, Handler] = {
    **files.COMMANDS,
    **edit.COMMANDS,
    **view.COMMANDS,
    **session.COMMANDS,
    **runs.COMMANDS,
    **training.COMMANDS,
    **quantization.COMMANDS,
}
QUERIES: dict[str, Handler] = {
    **files.QUERIES,
    **values.QUERIES,
    **training.QUERIES,
    **preview.QUERIES,
    **suggest.QUERIES,
    **runs.QUERIES,
    **quantization.QUERIES,
}
