"""Search quality on judged queries: read a set, run it, score it, compare runs."""
