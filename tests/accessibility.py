"""What axe-core finds in a page that people with other means could not use."""

from __future__ import annotations

from typing import Any

from places import ROOT

AXE = ROOT / "dataflow/studio/web/node_modules/axe-core/axe.min.js"
SERIOUS = ("serious", "critical")


def findings(page: Any) -> list[str]:
    """The serious findings of a page as it is now: rule, elements, and how to mend them.

    Needs the packages of the page, ``npm ci`` in dataflow/studio/web.
    """
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations)")
    return [
        f"{each['id']}: {each['help']}: "
        + "; ".join(f"{' '.join(map(str, node['target']))} ({_said(node)})" for node in each["nodes"][:4])
        for each in found
        if each["impact"] in SERIOUS
    ]


def _said(node: dict[str, Any]) -> str:
    return " ".join(str(node.get("failureSummary", "")).split())
