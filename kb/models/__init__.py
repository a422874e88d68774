"""Model files: which are known, how they get onto the disk."""
