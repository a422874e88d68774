"""Vector stores: they keep the vectors of a knowledge base and find the nearest ones."""
