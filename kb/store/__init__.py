"""The store on disk: catalog (SQLite), vectors, and transactions over both."""
