"""Reads files in worker processes: a bad file costs only that file."""
