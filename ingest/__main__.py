"""``python -m ingest FOLDER|FILE…``: the batch command."""

from kb.imports import uncollected
from kb.interrupts import end_at_once

if __name__ == "__main__":
    end_at_once()  # before the imports below, which take half a second
    with uncollected():
        from ingest.cli import main

    main()
