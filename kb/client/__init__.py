"""A knowledge base that ``kb serve`` serves, from Python: a KnowledgeBase's methods over HTTP."""

from kb.client.client import Client

__all__ = ["Client"]
