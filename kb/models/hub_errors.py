"""Words why a model could not be downloaded, and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from kb.errors import ModelError
from kb.models.references import HUB_NAMES, Reference

_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVER = 401, 403, 404, 429, 500
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


@contextmanager
def explain(reference: Reference, target: Path) -> Iterator[None]:
    """Turn network errors into :class:`~kb.errors.ModelError` with advice."""
    by_hand = f"You can also fetch the file elsewhere and put it at {target}"
    try:
        yield
    except httpx.HTTPStatusError as error:
        status, advice = error.response.status_code, _advice(error.response.status_code, reference)
        host = error.request.url.host
        msg = f"{host} refused {reference} with status {status}: {advice}. {by_hand}"
        raise ModelError(msg) from error
    except httpx.RequestError as error:
        msg = f"{_trouble(error, reference)}. {by_hand}"
        raise ModelError(msg) from error
    except httpx.InvalidURL as error:
        msg = f"cannot download {reference}: {error}; check HF_ENDPOINT and MODELSCOPE_DOMAIN"
        raise ModelError(msg) from error


def _advice(status: int, reference: Reference) -> str:
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return (
            "the repository is private, needs its terms accepted, or does not exist; accept the "
            "terms on its page and set HF_TOKEN to a token that may read it"
            if reference.hub == "hf"
            else "the repository is private or does not exist"
        )
    if status == _NOT_FOUND:
        return f"there is no {reference.file} in {reference.repository}; check the name"
    if status == _TOO_MANY:
        return "too many requests; wait some minutes and run the same command again" + (
            ", or set HF_TOKEN" if reference.hub == "hf" else ""
        )
    if status >= _SERVER:
        return "the server failed; run the same command again later"
    return "an unexpected answer; check HF_ENDPOINT or the name"


def _trouble(error: httpx.RequestError, reference: Reference) -> str:
    proxies = [f"{key}={_without_password(value)}" for key, value in _proxies()]
    hub = HUB_NAMES[reference.hub]
    if isinstance(error, httpx.ProxyError) or (
        proxies and isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
    ):
        return (
            f"cannot reach {hub} for {reference} through the proxy ({', '.join(proxies)}): "
            f"{error}; correct that variable, unset it, or list the host in NO_PROXY"
        )
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return (
            f"the certificate of {hub} is not trusted here ({error}); behind a proxy that "
            "inspects traffic set SSL_CERT_FILE to its certificate"
        )
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        other = (
            "set HF_ENDPOINT to a mirror, or take ModelScope (kb models pull: --from ms)"
            if reference.hub == "hf"
            else "take Hugging Face (kb models pull: --from hf)"
        )
        return (
            f"cannot reach {hub} for {reference}: {error}. Check the connection; set HTTPS_PROXY "
            f"if you need a proxy; {other}"
        )
    what = str(error) or type(error).__name__
    return (
        f"the download of {reference} broke off again and again ({what}); "
        "run the same command again: it goes on from where it stopped"
    )


def _proxies() -> list[tuple[str, str]]:
    names = [name for upper in _PROXIES for name in (upper, upper.lower())]
    return [(name, os.environ[name]) for name in names if os.environ.get(name)]


def _without_password(address: str) -> str:
    parts = urlsplit(address if "://" in address else f"//{address}")
    return address.replace(f"{parts.username}:{parts.password}@", "") if parts.password else address
