"""Model servers over HTTP: addresses, requests, failures, attempts, and several in a pool."""
