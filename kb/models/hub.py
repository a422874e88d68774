"""Downloads models from Hugging Face or ModelScope into the models folder.

Each download asks the hub for the file's SHA-256 and verifies the received bytes. Hugging Face
gives it in the headers of its answer for the file (``X-Linked-ETag``, else ``ETag``, else
``lfs.sha256`` of the model API), ModelScope in its list of files. Sources:
https://huggingface.co/docs/hub/api and ModelScope's own client.

Environment, as huggingface_hub reads it: ``HF_ENDPOINT`` (a mirror), ``HF_TOKEN``,
``HF_HUB_OFFLINE``; ``MODELSCOPE_DOMAIN``; ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY``,
``NO_PROXY``; ``SSL_CERT_FILE``.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpx

from kb.errors import ModelError
from kb.hashing import file_sha256
from kb.keys import bearer, key_from_environment
from kb.models.files import DownloadRecord, place_of, read_record, write_record
from kb.models.hub_errors import explain
from kb.models.references import Reference
from kb.models.severing import severed_on_stop
from kb.models.transfer import Patience, Progress, RemoteFile, fetch, persist

CONNECT_TIMEOUT_S = 15.0

_log = logging.getLogger(__name__)

_TRUE = frozenset({"1", "ON", "YES", "TRUE"})
_REDIRECTS_MAX = 5
_SHA256 = re.compile(r"[0-9a-f]{64}")


def pull(
    reference: Reference,
    models_dir: Path,
    *,
    on_progress: Progress | None = None,
    patience: Patience | None = None,
) -> Path:
    """Download one model file and return its path; a complete one is left as it is.

    Where the hub cannot be reached, or must not, a file that is here is enough, unless it is not
    the one that was downloaded.

    Raises:
        ModelError: the download failed. The message says why, what to do, and where to put the file
            by hand.
        StoppedError: the work is stoppable, and nobody waits for it any more.
    """
    target = models_dir / place_of(str(reference))
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in _TRUE:
        if _is_here(target):
            return target
        msg = (
            f"HF_HUB_OFFLINE is set, so {reference} is not downloaded; unset it, or put the file "
            f"at {target}"
        )
        raise ModelError(msg)
    patience = patience or Patience()
    timeout = httpx.Timeout(patience.stall_s, connect=CONNECT_TIMEOUT_S)
    with (
        explain(reference, target),
        _client(reference, timeout) as client,
        severed_on_stop(client),
    ):
        try:
            remote = persist(lambda: _find(client, reference), patience=patience)
        except httpx.TransportError as error:
            if not _is_here(target):
                raise
            _log.warning("%s is here; whether the hub has another is unknown (%s)", target, error)
            return target
        record = read_record(target)
        if target.is_file() and record is not None and record.sha256 == remote.sha256:
            return target
        fetch(client, remote, target, patience=patience, on_progress=on_progress)
    write_record(
        target, DownloadRecord(source=str(reference), sha256=remote.sha256, size=remote.size)
    )
    return target


def _is_here(target: Path) -> bool:
    """Return whether there is a file; if this program has downloaded it, whether it is whole."""
    if not target.is_file():
        return False
    record = read_record(target)
    return record is None or file_sha256(target) == record.sha256


def _client(reference: Reference, timeout: httpx.Timeout) -> httpx.Client:
    token = key_from_environment("HF_TOKEN") if reference.hub == "hf" else ""
    # httpx drops the header when the hub redirects to another host.
    try:
        return httpx.Client(timeout=timeout, headers=bearer(token))
    except (ValueError, ImportError) as error:  # httpx's errors for invalid proxies
        msg = f"the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY cannot be used: {error}"
        raise ModelError(msg) from error


def _find(client: httpx.Client, reference: Reference) -> RemoteFile:
    if reference.hub == "hf":
        endpoint = os.environ.get("HF_ENDPOINT", "").strip() or "https://huggingface.co"
        return _find_on_hugging_face(client, reference, endpoint.rstrip("/"))
    domain = os.environ.get("MODELSCOPE_DOMAIN", "").strip() or "www.modelscope.cn"
    endpoint = domain if "://" in domain else f"https://{domain}"
    return _find_on_modelscope(client, reference, endpoint.rstrip("/"))


def _find_on_hugging_face(client: httpx.Client, reference: Reference, endpoint: str) -> RemoteFile:
    path = quote(reference.file)
    url = f"{endpoint}/{reference.repository}/resolve/main/{path}"
    answer = client.head(url, headers={"Accept-Encoding": "identity"})
    for _ in range(_REDIRECTS_MAX):
        # A renamed repository redirects on the same host; files are on another one.
        there = urljoin(url, answer.headers.get("Location", url))
        if there == url or "X-Linked-ETag" in answer.headers or _host(there) != _host(url):
            break
        url = there
        answer = client.head(url, headers={"Accept-Encoding": "identity"})
    if not answer.is_redirect:
        answer.raise_for_status()
    tag = answer.headers.get("X-Linked-ETag") or answer.headers.get("ETag", "")
    sha256 = tag.removeprefix("W/").strip('"')
    size = answer.headers.get("X-Linked-Size") or answer.headers.get("Content-Length", "")
    if _SHA256.fullmatch(sha256) and size.isdigit():
        return RemoteFile(url=url, size=int(size), sha256=sha256)
    listing = client.get(
        f"{endpoint}/api/models/{reference.repository}",
        params={"blobs": "true"},
        follow_redirects=True,
    )
    files = _json(listing).get("siblings", [])
    for entry in files if isinstance(files, list) else []:
        if entry.get("rfilename") == reference.file and isinstance(entry.get("lfs"), dict):
            return _remote(url, reference, entry["lfs"].get("sha256"), entry["lfs"].get("size"))
    return _remote(url, reference, None, None)


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _find_on_modelscope(client: httpx.Client, reference: Reference, endpoint: str) -> RemoteFile:
    base = f"{endpoint}/api/v1/models/{reference.repository}/repo"
    listing = client.get(
        f"{base}/files", params={"Revision": "master", "Recursive": "true"}, follow_redirects=True
    )
    data = _json(listing).get("Data")
    files = data.get("Files") if isinstance(data, dict) else None
    for entry in files or []:
        if entry.get("Path") == reference.file:
            url = f"{base}?Revision=master&FilePath={quote(reference.file)}"
            return _remote(url, reference, entry.get("Sha256"), entry.get("Size"))
    offered = [str(entry.get("Path")) for entry in files or []]
    ggufs = ", ".join(name for name in offered if name.endswith(".gguf")) or "no GGUF file"
    msg = f"{reference.repository} on ModelScope has no {reference.file}; it has {ggufs}"
    raise ModelError(msg)


def _json(answer: httpx.Response) -> dict[str, Any]:
    answer.raise_for_status()
    try:
        value = answer.json()
    except ValueError as error:
        msg = f"{answer.url} answered with something else than JSON; is it behind a login page?"
        raise ModelError(msg) from error
    return value if isinstance(value, dict) else {}


def _remote(url: str, reference: Reference, sha256: object, size: object) -> RemoteFile:
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256) or not isinstance(size, int):
        msg = (
            f"the server names no SHA-256 for {reference}, so a download could not be verified; "
            "use another mirror, or fetch the file yourself"
        )
        raise ModelError(msg)
    return RemoteFile(url=url, size=size, sha256=sha256)
