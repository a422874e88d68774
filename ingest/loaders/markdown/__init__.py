"""Markdown: the heading tree, and the text without its markup."""
