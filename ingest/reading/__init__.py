"""Files read in worker processes: a bad file costs that file only."""
