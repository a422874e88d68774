"""Reads PDF files page by page from characters' positions, with OCR for pages without text."""
