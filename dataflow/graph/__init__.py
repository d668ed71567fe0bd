"""Graph -> Graph: nodes wired into a DAG, operators on wires, the reverse pass, and passes that rewrite."""
