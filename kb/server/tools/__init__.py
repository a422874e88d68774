"""Tools for language models: a few routes with short answers, and a description of them alone."""
