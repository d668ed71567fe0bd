"""``dataflow studio``."""

from __future__ import annotations

from importlib.util import find_spec

import click

import dataflow as flow
from dataflow.cli import output


@click.command("studio")
@click.argument("target", metavar="[GRAPH | FOLDER]", required=False, type=click.Path())
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port to serve on.  [default: a free one]")
@click.option("--no-browser", is_flag=True, help="Only print the address; open no browser.")
def command(target: str | None, port: int, no_browser: bool) -> int:
    """Compose, run and watch graphs in a browser.

    Serves a page to this machine alone, over the graphs of a folder, and prints its address. What is edited there is
    the text of the files themselves. Ctrl+C ends it.
    """
    for name in ("starlette", "uvicorn", "websockets"):
        if find_spec(name) is None:
            raise flow.DataflowError(
                f"dataflow studio needs the package {name}, which is not installed; "
                "install it with: pip install 'dataflow-blocks[studio]'"
            )
    from dataflow.studio.project import target_of
    from dataflow.studio.server import Server
    from dataflow.studio.studio import Studio

    folder, graph = target_of(target)
    studio = Studio(folder)
    if graph:
        studio.open(graph)
    server = Server(studio, port)

    def started() -> None:
        output.say(f"{folder} is open at\n\n  {server.address}\n\nCtrl+C ends it.")
        if not no_browser:
            import webbrowser

            webbrowser.open(server.address)

    server.run(started)
    if lost := [path for path, desk in studio.desks.items() if not desk.saved]:
        output.say(f"ended with changes that were not saved: {', '.join(lost)}", err=True)
    return 0
