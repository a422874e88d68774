"""Engines: the processes that read a run's files and embed its texts."""
