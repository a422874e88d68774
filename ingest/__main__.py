"""``python -m ingest FOLDER|FILE…``: the batch command."""

from ingest.cli import main

if __name__ == "__main__":
    main()
