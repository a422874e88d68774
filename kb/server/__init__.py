"""The knowledge base over HTTP: OpenAI's interface for embeddings, and search.

It uses :mod:`kb.knowledge_base`. No other package imports FastAPI. :mod:`kb.wire` writes its JSON.
"""
