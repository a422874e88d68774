"""Answers from the passages that a search finds, with citations (retrieval-augmented generation).

P. Lewis et al., "Retrieval-Augmented Generation for Knowledge-Intensive NLP Tasks", 2020.
"""
