"""The catalog: everything that SQLite holds, behind methods named after what callers do."""
