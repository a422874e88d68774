"""The knowledge base over HTTP: embeddings as OpenAI's clients ask for them, and search.

Stands on :mod:`kb.knowledge_base`; nothing else imports FastAPI. Its JSON is :mod:`kb.wire`'s.
"""
