"""Parts of a passage that are embedded by themselves: where they lie, and how vectors are kept."""
