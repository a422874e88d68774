"""Makes the means of languages for the default model, which come with the program.

    python tests/files/make_means.py

Half a minute on two cores. Run it again when a text of ``kb/languages/questions`` or the default
model changes; ``tests/contract/test_shipped_means.py`` says so.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kb import Settings
from kb.embedding import open_embedder
from kb.languages import questions, shipped
from kb.languages.trial import Trials

FOLDER = Path(shipped.__file__).parent


def main() -> None:
    """Write the file, and print what the means are worth."""
    embedder = open_embedder(Settings.load(model="multilingual-e5-small"))
    trials = Trials(embedder)
    found = {language: trials.of(language) for language in questions.languages()}
    identity = embedder.identity
    for old in FOLDER.glob("*.json"):
        old.unlink()
    path = FOLDER / shipped.name_of(identity.fingerprint)
    path.write_text(shipped.encode(identity, found), "utf-8")
    for language, trial in found.items():
        each = trial.figures
        sys.stdout.write(
            f"{language}: across languages {each.across_before:.2f} → {each.across_after:.2f}, "
            f"within {each.within_before:.2f} → {each.within_after:.2f}\n"
        )
    embedder.close()


if __name__ == "__main__":
    main()
