"""Rerankers: the protocol in ``base``, one module for each way of computing scores."""
