"""OCR's text of pictures, of scanned pages and inside documents."""
