"""Forms, notes and links, as a file holds them."""
