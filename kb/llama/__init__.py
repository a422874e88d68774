"""llama.cpp inside this process: its library, weights, working memory and calls.

Its callers are the rooms that say what a model is for: embedding, reranking, chat.
"""
