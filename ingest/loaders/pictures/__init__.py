"""What OCR reads in pictures, of scanned pages and inside documents."""
