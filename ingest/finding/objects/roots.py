"""Finds the objects of the URLs that a person gives, each under its registered root."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from ingest.errors import UnreadableFileError
from ingest.finding.discovery import Discovery, unruled
from ingest.finding.ignoring import IGNORE_FILE, IgnoreFile, PatternError, inherited_by
from ingest.finding.objects.address import ObjectAddress, is_url
from ingest.finding.objects.filesystem import ObjectInfo, ObjectStore
from ingest.finding.objects.listing import discover_objects, object_lines
from ingest.finding.objects.origin import ObjectOrigin
from ingest.loaders import EXTENSIONS
from kb.stopping import StoppedError


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundObjects:
    """The objects of one URL: those below ``prefix`` of ``root``, or a ``single`` object."""

    root: str
    prefix: str
    origin: ObjectOrigin
    found: Discovery
    single: ObjectInfo | None = None


class ObjectFinder:
    """Finds the objects of one run. Roots are never nested, as with folders.

    Args:
        known: the known roots; those that are not URLs are ignored.
        include: patterns that files must match.
        exclude: patterns that files and folders must not match.
        stop: set it to end a search with a KeyboardInterrupt.

    Attributes:
        used: the roots of the found objects.
    """

    def __init__(
        self,
        known: Iterable[str],
        *,
        include: Sequence[str],
        exclude: Sequence[str],
        stop: threading.Event,
    ) -> None:
        self._known = {root for root in known if is_url(root)}
        self._roots = set(self._known)
        self._include = include
        self._exclude = exclude
        self._stop = stop
        self._origins: dict[str, ObjectOrigin] = {}
        self.used: set[str] = set()

    @property
    def adopted(self) -> dict[str, tuple[str, str]]:
        """Known roots below one of this run's roots: the new root, and their paths' prefix."""
        below = (
            (inner, root, ObjectAddress("", inner).below(root))
            for root in self.used
            for inner in self._known
            if inner != root
        )
        return {inner: (root, f"{path}/") for inner, root, path in below if path is not None}

    def find(
        self, address: ObjectAddress, known_below: Callable[[str], Collection[str]]
    ) -> FoundObjects:
        """List the objects of a URL.

        Args:
            address: of a folder or an object.
            known_below: returns the known paths of a root.

        Raises:
            MissingExtraError: the client of this store is not installed.
            UnreadableFileError: the URL has no objects, or cannot be listed.
            SettingsError: a pattern is invalid.
            KeyboardInterrupt: ``stop`` was set.
        """
        origin = self._origins.setdefault(address.scheme, ObjectOrigin(ObjectStore(address.scheme)))
        try:
            objects = origin.store.below(address.url, self._stop)
            if [each.url for each in objects] == [address.url]:
                root = self._root_of(ObjectAddress(address.scheme, address.parent))
                return FoundObjects(
                    root=root, prefix="", origin=origin, found=Discovery(), single=objects[0]
                )
            return self._folder(address, origin, objects, known_below)
        except StoppedError:
            raise KeyboardInterrupt from None

    def is_empty(self, root: str) -> bool:
        """Return whether a known root has no objects; False if that is unknown.

        Raises:
            KeyboardInterrupt: ``stop`` was set.
        """
        origin = self._origins.get(root.partition("://")[0])
        if origin is None:  # this run found nothing of this kind
            return False
        try:
            return not origin.store.below(root, self._stop)
        except UnreadableFileError:
            return False
        except StoppedError:
            raise KeyboardInterrupt from None

    def _folder(
        self,
        address: ObjectAddress,
        origin: ObjectOrigin,
        objects: Sequence[ObjectInfo],
        known_below: Callable[[str], Collection[str]],
    ) -> FoundObjects:
        root = self._root_of(address)
        name = address.below(root)
        prefix = f"{name}/" if name else ""
        known = known_below(root)
        if not objects and not any(path.startswith(prefix) for path in known):
            msg = f"there is nothing at {address.url}; check the URL"
            raise UnreadableFileError(msg)
        try:
            above = self._above(origin.store, root, name) if name else []
        except (UnreadableFileError, PatternError) as error:
            found = Discovery(unwalked=[prefix], unreadable=[unruled("", error)])
            return FoundObjects(root=root, prefix=prefix, origin=origin, found=found)
        found = discover_objects(
            objects,
            origin.store,
            root,
            include=self._include,
            exclude=self._exclude,
            extensions=EXTENSIONS,
            prefix=prefix,
            inherited=above,
            known=known,
            stop=self._stop,
        )
        return FoundObjects(root=root, prefix=prefix, origin=origin, found=found)

    def _above(self, store: ObjectStore, root: str, name: str) -> list[IgnoreFile]:
        def lines_in(_: int, prefix: str) -> list[str] | None:
            return object_lines(store, f"{root}/{prefix}{IGNORE_FILE}", self._stop)

        return list(inherited_by(name, lines_in))

    def _root_of(self, folder: ObjectAddress) -> str:
        holders = [root for root in self._roots if folder.below(root) is not None]
        root = min(holders, key=len, default=folder.url)
        self._roots.add(root)
        self.used.add(root)
        return root
