"""Model files: the known ones, and their way onto the disk."""
