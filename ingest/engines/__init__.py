"""Engines: where the files of a run are read, and where its texts are embedded."""
