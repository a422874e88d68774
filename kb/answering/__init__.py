"""Answers from the passages of a search, with citations (retrieval-augmented generation).

See P. Lewis et al., "Retrieval-Augmented Generation for Knowledge-Intensive NLP Tasks", 2020.
"""
