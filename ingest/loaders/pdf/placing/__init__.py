"""Places the values of fields, notes and addresses in the text of a page."""
