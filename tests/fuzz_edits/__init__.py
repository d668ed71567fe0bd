"""Random edits of all graph files, each compared with the same edit made on plain values or on the loaded graph."""
