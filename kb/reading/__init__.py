"""Documents read by their address: found by id or path, and a stretch of them given."""
