"""Search quality on judged queries: reads sets, runs searches, scores and compares runs."""
