"""Reads PDF files page by page, by the place of each character, with OCR where there is no text."""
