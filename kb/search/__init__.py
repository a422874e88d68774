"""Search: from a query to hits, by meaning, by words, or both."""
