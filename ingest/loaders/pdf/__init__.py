"""Reads PDF files page by page: two engines, the better text of both, OCR where there is none."""
