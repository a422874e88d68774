"""Counts tokens with the server's own tokenizer, and finds the server's limit."""

from __future__ import annotations

import re
from typing import Any

from kb.embedding.remote.kinds import Profile
from kb.embedding.remote.wire import DOCUMENT, Meaning, embedding_url, request_body
from kb.errors import InputTooLongError, ModelCallError
from kb.remote.client import ServerClient
from kb.remote.failures import UnavailableError

_BATCH_SIZE = re.compile(r"current batch size: (\d+)")
_CONTEXT_SIZE = re.compile(r"max context size \((\d+) tokens\)")
_AVAILABLE = re.compile(r"available context size \((\d+)")


def count_tokens(
    client: ServerClient,
    profile: Profile,
    text: str,
    *,
    special: bool,
    meaning: Meaning = DOCUMENT,
) -> int | None:
    """Return the tokens of ``text``; None if the server cannot count.

    ``special`` includes the control tokens around a text. ``meaning`` is for servers that also add
    the prompt.

    Raises:
        UnavailableError: the server is down or overloaded; retrying may help.
    """
    root, model = client.address.root, profile.model
    if profile.kind == "llama-cpp-python":
        # It always counts the control tokens too; an empty text has only these.
        url = f"{root}/extras/tokenize/count"
        whole = _length(client.look(url, {"input": text, "model": model}), "count")
        around = 0 if special else _length(client.look(url, {"input": "", "model": model}), "count")
        return None if whole is None or around is None else whole - around
    url = f"{root}/tokenize"
    if profile.kind == "shelfmark":
        body = {"model": model, "input": text, "special": special, **meaning.fields()}
        return _length(client.look(url, body), "count")
    if profile.kind == "llama.cpp":
        return _length(client.look(url, {"content": text, "add_special": special}), "tokens")
    if profile.kind == "vllm":
        body = {"model": model, "prompt": text, "add_special_tokens": special}
        return _length(client.look(url, body), "count")
    if profile.kind == "tei":
        rows = client.look(url, {"inputs": [text], "add_special_tokens": special})
        return len(rows[0]) if isinstance(rows, list) and isinstance(rows[0], list) else None
    return None


def probe_llama_limit(client: ServerClient, profile: Profile) -> int:
    """Return llama-server's limit of one text, in tokens with the special ones.

    A text for an encoder model must fit into the server's physical batch (512 by default). The
    server names that limit only when it refuses a text. So this sends a text longer than its
    context, which it refuses before it computes anything.
    """
    reported = profile.context_tokens
    body = request_body(
        profile.dialect, profile.model, [" a" * (reported + 16)], context_tokens=reported
    )
    try:
        client.post(embedding_url(profile.dialect, client.address), body)
    except InputTooLongError as error:
        said = str(error)
        for pattern, less in ((_BATCH_SIZE, 0), (_CONTEXT_SIZE, 0), (_AVAILABLE, 1)):
            if found := pattern.search(said):
                return min(int(found[1]) - less, reported)
    except UnavailableError:
        raise
    except ModelCallError:
        pass  # refused for its bytes; the reported limit stays
    return reported


def _length(body: Any, key: str) -> int | None:  # noqa: ANN401 - JSON
    value = body.get(key) if isinstance(body, dict) else None
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) else None
