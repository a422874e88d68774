"""Model servers over HTTP: addresses, requests, failures, and several in a pool."""
