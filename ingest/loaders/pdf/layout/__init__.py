"""Columns, lines and paragraphs of a page, and pages as one text."""
