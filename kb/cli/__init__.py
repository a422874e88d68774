"""The ``kb`` command: one module per group of commands, and the display of their results."""
