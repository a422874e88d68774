"""The stages of a run: planning, reading, splitting, embedding, storing, reporting."""
