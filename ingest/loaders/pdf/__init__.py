"""Reads PDF files: characters with their places, layout, forms, notes, pictures, page by page."""
