"""Plain text, and what a text file's bytes are: their encoding found and decoded."""
