"""The answers of a network: what its last layers give, such as logits."""

from __future__ import annotations

from dataflow.core.quantized import Bias, Clamp, Passes, Product
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.graph.readers import readers
from dataflow.quantize.model import fixed_nodes
from dataflow.quantize.sites import bias_of


def answers(graph: Graph) -> list[Link]:
    """The wires behind the last layers: behind each product on which no other depends, with its bias and activation.

    Followed as far as one node alone reads on, by blocks that add a bias, cut off or move values.
    """
    products = [node.name for node in graph.nodes.values() if isinstance(node.block.quantized_as, Product)]
    used, fixed = readers(graph), fixed_nodes(graph)
    found = []
    for name in products:
        if len(graph.descendants([name]) & set(products)) > 1:
            continue
        link = graph.nodes[name].first
        while True:
            nodes = [graph.nodes[reader] for reader in used.get(link, []) if reader in graph.nodes]
            if len(nodes) != 1 or len(used[link]) != 1:
                break
            role = nodes[0].block.quantized_as
            if bias_of(graph, nodes[0], fixed) is None and not isinstance(role, Bias | Clamp | Passes):
                break
            link = nodes[0].first
        found.append(link)
    return list(dict.fromkeys(found))
