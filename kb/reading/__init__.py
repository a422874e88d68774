"""Reading documents by an address: finds the document by id or path, and returns a part of it."""
