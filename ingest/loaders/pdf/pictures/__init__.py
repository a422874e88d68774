"""Pictures of a page: which are read by OCR, and what could not be read."""
