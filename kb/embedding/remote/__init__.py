"""Embeddings from servers: llama-server, Ollama, TEI, vLLM, OpenAI, and `kb serve`."""
