"""What is kept on disk: catalog (SQLite), vectors, and the transactions over both."""
