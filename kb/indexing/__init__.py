"""From a document to what a search finds: split, look up, embed, commit; and embed again."""
