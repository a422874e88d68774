"""The ``kb`` command: one module per group of commands, and how their results are shown."""
