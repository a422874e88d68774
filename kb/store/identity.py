"""Refuses vectors of another model than the one in use, because they are not comparable."""

from __future__ import annotations

import shlex

from kb.embedding.base import EmbedderIdentity
from kb.errors import EmbedderMismatchError
from kb.records import CollectionInfo


def require_same_embedder(
    target: CollectionInfo, theirs: EmbedderIdentity, mine: EmbedderIdentity, *, model: str
) -> None:
    """Refuse a collection with vectors of another model; ``model`` is the value of the setting.

    Raises:
        EmbedderMismatchError: the models differ. The message says what to do.
    """
    if theirs.fingerprint != mine.fingerprint:
        msg = (
            f"the collection {target.name!r} was made with the model {theirs.model_id} "
            f"({target.dim} dimensions), but the model in use is {mine.model_id} "
            f"({mine.dim}); their vectors cannot be compared. Use that model "
            f"(KB_MODEL={theirs.model_id}), take another collection (--collection NAME), or "
            f"embed this one again: kb reembed --collection {shlex.quote(target.name)} "
            f"--model {shlex.quote(model)}"
        )
        raise EmbedderMismatchError(msg)
