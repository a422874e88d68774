"""Model servers over HTTP: addresses, requests, failures, and pools of servers."""
