"""Vectors in Chroma, in a folder or on a server."""
