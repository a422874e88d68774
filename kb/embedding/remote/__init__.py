"""Embeddings by other machines: llama-server, Ollama, TEI, vLLM, OpenAI, and `kb serve`."""
