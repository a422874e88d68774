"""Files that are sent, not found in folders: taken out of archives, named and kept."""
