"""Word documents: their parts, styles, fields, drawings, and the text a reader sees."""
