"""Reads files for other programs without storing anything: Open WebUI's document loader."""
