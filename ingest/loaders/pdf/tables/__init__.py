"""Tables of a page, with ruling lines and without, from its words."""
