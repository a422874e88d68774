"""Where the values of fields, notes and addresses belong in the text of a page."""
