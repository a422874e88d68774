"""Plain text files: finds their encoding and decodes them."""
