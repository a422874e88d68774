"""A run in stages: what each file needs, reading, splitting, embedding, storing, the report."""
