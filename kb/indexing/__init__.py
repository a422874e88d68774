"""From a document to its searchable form: split, look up, embed, commit; and embed again."""
