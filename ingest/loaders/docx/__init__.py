"""Word documents: their parts, styles, fields, drawings, and the text that a reader sees."""
