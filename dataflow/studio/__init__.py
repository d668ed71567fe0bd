"""The editor in the browser: a local server over the files, the engine and the errors of the command line."""
