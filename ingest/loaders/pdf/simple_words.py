"""Words from glyphs by their gaps, until the reader of words is there."""

from __future__ import annotations

from ingest.loaders.pdf.glyphs import Glyph, Glyphs
from ingest.loaders.pdf.page import Word


def words_of(page: Glyphs) -> list[Word]:
    """Return the words of a page's upright characters."""
    found: list[Word] = []
    run: list[Glyph] = []

    def flush() -> None:
        if run:
            box = (
                min(g.left for g in run),
                min(g.top for g in run),
                max(g.right for g in run),
                max(g.bottom for g in run),
            )
            widths = {round(g.right - g.left, 1) for g in run}
            fixed = run[0].font >= 0 and (
                page.fonts[run[0].font].fixed or "ourier" in page.fonts[run[0].font].name
            )
            text = "".join(g.text for g in run)
            found.append(Word(text, box, run[0].size, fixed=fixed and len(widths) == 1))
            run.clear()

    for glyph in page.glyphs:
        if glyph.hyphen:
            glyph = glyph._replace(text="-")
        if not glyph.text or glyph.text.isspace() or not glyph.text.isprintable():
            flush()
            continue
        if run:
            last = run[-1]
            if abs(glyph.left - last.right) > 0.2 * last.size or abs(glyph.y - last.y) > 1:
                flush()
        run.append(glyph)
    flush()
    return found
