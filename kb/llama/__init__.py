"""llama.cpp inside this process: its library, weights, working memory and calls.

Its callers are the packages for the tasks of a model: embedding, reranking, chat.
"""
