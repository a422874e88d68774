"""The ``kb`` command, also as ``python -m kb``."""

from kb import ending, interrupts
from kb.imports import uncollected


def main() -> None:
    """Run the command; Ctrl-C exits with 130 and SIGTERM with 143, without a traceback."""
    interrupts.end_at_once()
    with uncollected():
        from kb.cli.app import app  # noqa: PLC0415 - a second of imports, in which Ctrl-C ends the process

    interrupts.unwind_once()
    ending.after_one_command()
    try:
        app()
    finally:
        interrupts.ignore()


if __name__ == "__main__":
    main()
