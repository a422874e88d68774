"""Addresses of vector stores, as in the setting ``vector_store`` and in the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

from kb.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Address:
    """Place of vectors: a word such as ``chroma``, or the address of a server.

    ``text`` is the address as typed and as in the catalog: without any token.

    Raises:
        SettingsError: the address contains credentials, or no host.
    """

    text: str

    def __post_init__(self) -> None:
        """Check the address of a server."""
        if "://" not in self.text:
            return
        try:
            parts = self._parts
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            msg = "an address in `vector_store` cannot be read; write it as http://host:port"
            raise SettingsError(msg) from error
        if parts.username is not None or parts.password is not None:
            msg = (
                f"the address of the vector server {host} holds credentials; take them out and "
                "give the token in the environment variable KB_VECTOR_TOKEN"
            )
            raise SettingsError(msg)
        if not host:
            msg = f"{self.text!r} in `vector_store` names no host; write it as http://host:port"
            raise SettingsError(msg)

    @property
    def kind(self) -> str:
        """The word, or the address's scheme."""
        return self.text.partition("://")[0].lower()

    @property
    def is_server(self) -> bool:
        """Whether the vectors are on a server."""
        return "://" in self.text

    @property
    def host(self) -> str:
        """The server's name."""
        return self._parts.hostname or ""

    @property
    def port(self) -> int | None:
        """The server's port; None if the address has none."""
        return self._parts.port

    @property
    def root(self) -> str:
        """The address without parameters and trailing slash."""
        parts = self._parts
        return f"{parts.scheme.lower()}://{parts.netloc}{parts.path.rstrip('/')}"

    def parameter(self, name: str, default: str) -> str:
        """Return a parameter of the address, such as ``grpc`` in ``?grpc=50051``."""
        return parse_qs(self._parts.query).get(name, [default])[-1]

    def with_parameters(self, **values: str) -> Address:
        """Return the address with these parameters; empty ones keep the address's own."""
        own = {name: each[-1] for name, each in parse_qs(self._parts.query).items()}
        query = urlencode(own | {name: value for name, value in values.items() if value})
        return Address(f"{self.root}?{query}" if query else self.root)

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.text)
