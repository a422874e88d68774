"""Counts a PDF's content besides text and pictures, and reports it as unread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb.records import Notice

if TYPE_CHECKING:
    from ingest.loaders.pdf.engines import PdfEngines

_FULL, _PARTLY = 2, 3  # FORMTYPE_XFA_FULL, FORMTYPE_XFA_FOREGROUND
_WIDGET = 20  # FPDF_ANNOT_WIDGET
_ATTACHMENT, _SOUND, _MODEL = 17, 18, 25  # FPDF_ANNOT_FILEATTACHMENT, _SOUND, _THREED
_FILMS = (19, 21, 26)  # FPDF_ANNOT_MOVIE, _SCREEN, _RICHMEDIA
_PAGES = 5_000
_PLACEHOLDER = 1_500  # characters that the page of an invisible form may have
_SIGNS = ("please wait", "adobe.com", "adobe reader", "adobe acrobat")
_FILTER_PAGES = 200


@dataclass(slots=True)
class Unread:
    """Content of one PDF that is not text, or is invisible.

    ``unseen`` counts characters, ``unshown`` fields of a form with values. ``xfa`` means that only
    Adobe's programs draw its form: the fields are unknown, and its page may be a request to wait.
    """

    attachments: int = 0
    xfa: bool = False
    fields: int = 0
    unseen: int = 0
    unshown: int = 0
    filters: list[str] = field(default_factory=list)
    packed: int = 0
    _kinds: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, engines: PdfEngines) -> Unread:
        """Check the whole file; pages are counted one by one."""
        found = cls()
        if engines.pypdf is not None:
            found.unshown = engines.pypdf.unshown_fields()
        if engines.pdfium is not None:
            found.attachments = engines.pdfium.attachments()
            form = engines.pdfium.form_type()
            found.xfa = form == _FULL or (form == _PARTLY and not _has_fields(engines))
        return found

    def page(self, engines: PdfEngines, index: int) -> None:
        """Count the unread annotations of a page."""
        if engines.pdfium is not None:
            kinds = engines.pdfium.media(index)
            self.attachments += kinds[_ATTACHMENT]
            self.fields += kinds[_WIDGET]
            self._kinds += kinds

    def is_placeholder(self, text: str) -> bool:
        """Whether a page only says which program opens its form."""
        told = text.casefold()
        return self.xfa and len(text) <= _PLACEHOLDER and any(sign in told for sign in _SIGNS)

    def look_for_filters(self, engines: PdfEngines, blank: list[int]) -> None:
        """Find the reason for blank pages: a page that no engine can decompress is not blank."""
        for index in blank[:_FILTER_PAGES]:
            names = engines.unknown_filters(index)
            self.packed += bool(names)
            self.filters += [name for name in names if name not in self.filters]

    def notices(self, total: int) -> Iterator[Notice]:
        """Yield a notice for each kind of omitted content."""
        if self.xfa:
            message = (
                "its form is an XFA form, which only Adobe's programs show: its fields were not "
                "read; print it from there to a PDF and ingest that"
            )
            yield Notice(code="xfa_form_not_read", message=message, values={})
        if self.packed:
            names = ", ".join(self.filters)
            message = (
                f"{self.packed} of {total} page{'s' if total != 1 else ''} could not be unpacked: "
                f"compressed with {names}, which no PDF engine here knows"
            )
            yield Notice(
                code="pages_packed",
                message=message,
                values={"pages": self.packed, "total": total, "filters": names},
            )
        if self.attachments:
            files = _counted(self.attachments, "attached file")
            yield Notice(
                code="attachments_not_read",
                message=f"{files} not read; save and ingest them on their own",
                values={"count": self.attachments},
            )
        if self.unshown and not self.xfa:
            yield Notice(
                code="fields_not_shown",
                message=f"{_counted(self.unshown, 'form field')} left out that no page shows",
                values={"fields": self.unshown},
            )
        if self.unseen:
            yield Notice(
                code="hidden_text_not_read",
                message=f"{_counted(self.unseen, 'hidden character')} left out",
                values={"characters": self.unseen},
            )
        for code, key, count, what in self._media():
            if count:
                message = f"{_counted(count, what)} not read"
                yield Notice(code=code, message=message, values={key: count})

    def held(self) -> list[str]:
        """Return the content besides text: ``2 attached files``, ``1 sound``."""
        counts = [
            ("attached file", self.attachments),
            ("empty form field", self.fields),
            *((what, count) for _, _, count, what in self._media()),
        ]
        return [f"{count} {what}{'s' if count != 1 else ''}" for what, count in counts if count]

    def _media(self) -> tuple[tuple[str, str, int, str], ...]:
        films = sum(self._kinds[kind] for kind in _FILMS)
        return (
            ("sounds_not_read", "sounds", self._kinds[_SOUND], "sound"),
            ("films_not_read", "films", films, "film"),
            ("models_not_read", "models", self._kinds[_MODEL], "3D model"),
        )


def _counted(count: int, what: str) -> str:
    return f"1 {what} was" if count == 1 else f"{count} {what}s were"


def _has_fields(engines: PdfEngines) -> bool:
    """Whether a file has fields that other programs show, too."""
    pages = range(min(engines.pages, _PAGES))
    return engines.pdfium is not None and any(engines.pdfium.media(i)[_WIDGET] for i in pages)
