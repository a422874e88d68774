"""Parts of a passage with vectors of their own: their spans, and the storage of the vectors."""
