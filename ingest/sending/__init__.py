"""Uploaded files: unpacked from archives, named and kept."""
