"""What an embedder over HTTP stands on: addresses, dialects, counting, retries, the pool."""
