"""Tools for language models: a few routes with short answers, and their own description."""
