"""The block library: one file per family, found by the entry point ``dataflow.blocks``."""
