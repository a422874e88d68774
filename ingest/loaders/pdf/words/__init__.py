"""Words of a page from its characters, in every direction of text."""
