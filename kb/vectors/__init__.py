"""Vector stores: what holds the vectors of a knowledge base, and finds the nearest of them."""
