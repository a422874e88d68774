"""Forms, notes and links of a file."""
