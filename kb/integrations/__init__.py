"""A knowledge base as a part of other libraries: one module each, imported by name.

Nothing else of ``kb`` imports them, and they import their library alone.
"""
