"""A knowledge base in other libraries: one module each, imported by name.

The rest of ``kb`` does not import them, and each imports only its own library.
"""
