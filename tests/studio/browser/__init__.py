"""The studio as a person meets it: `dataflow studio` in a process of its own, its page in Chromium."""
