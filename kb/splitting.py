"""Cut a document into chunks: on structure first, then by size, never beyond what a model reads."""
