"""What is kept on disk: catalog (SQLite), vectors (Chroma), and the transactions over both."""
