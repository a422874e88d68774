"""Finds the files of a run: folders, names, rules that leave files out, watched changes."""
