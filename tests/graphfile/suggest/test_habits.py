"""How often blocks stand behind others."""

from __future__ import annotations

from dataflow.graphfile.suggest.habits import INPUT, OUTPUT, OWN, Habits, habits, named

TREE = {
    "inputs": {"x": "float32"},
    "nodes": {
        "m": {"block": "Mul", "inputs": ["x", 0.5]},
        "r": {"block": "Relu", "inputs": {"features": "m.z"}},
        "s": {"block": "./s.yaml", "inputs": {"x": "r", "y": "r"}},
        "w": 3,
    },
    "outputs": {"y": "r", "z": "x"},
}


def test_pairs_are_counted_under_the_own_names_of_blocks() -> None:
    found = Habits()
    found.add(TREE)
    assert found.pairs == {
        (INPUT, "Multiply", "x"): 1,
        ("Multiply", "Relu", "features"): 1,
        ("Relu", "./s.yaml", "x"): 1,
        ("Relu", "./s.yaml", "y"): 1,
        ("Relu", OUTPUT, ""): 1,
        (INPUT, OUTPUT, ""): 1,
    }
    assert found.behind("Relu") == {"./s.yaml": 2, OUTPUT: 1} and found.before("Relu") == {"Multiply": 1}
    assert found.before("Multiply", "x") == {INPUT: 1} and found.before("Multiply", "y") == {}
    assert found.behind("") == {"Multiply": 1, "Relu": 1, "./s.yaml": 2, OUTPUT: 2}
    assert found.nodes == {"Multiply": 1, "Relu": 1, "./s.yaml": 1, "": 1}
    assert named(TREE["nodes"]["w"]) == ""


def test_the_file_itself_counts_more_than_shipped_graphs() -> None:
    shipped = habits({})
    assert shipped.behind("Conv2D") and shipped.behind("MatMul")["Add"] > 5
    assert habits(TREE).behind("Multiply")["Relu"] == shipped.behind("Multiply")["Relu"] + OWN
