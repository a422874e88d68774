"""Folders of files for the ingestion benchmark, made anew and alike each time."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

SAMPLES = Path(__file__).parent.parent.parent / "data" / "samples"
UNCHANGED_FILES = 10_000
TINY_FILES = 1_000
MIXED_TEXTS = 40
LARGE_FILE_BYTES = 1_000_000
_WORDS = re.findall(
    r"\w+",
    "harbour pump ledger orchard lantern winter copper bridge market sailor engine garden "
    "window letter valley station record summer bottle machine paper river",
)
_WORDS_ZH = re.findall(
    r"\w+", "港口 水泵 账本 果园 灯笼 冬天 铜器 桥梁 市场 水手 发动机 花园 窗户 信件"
)
ENGLISH_SHARE, PARAGRAPH_END_SHARE = 0.7, 0.15


def sentences(draw: random.Random, english: float = ENGLISH_SHARE) -> Iterator[str]:
    """Yield sentences, ``english`` of them English and the rest Chinese, no two alike."""
    while True:
        if draw.random() < english:
            sentence = " ".join(draw.choices(_WORDS, k=12)).capitalize() + ". "
        else:
            sentence = "".join(draw.choices(_WORDS_ZH, k=12)) + "。"
        end = "\n\n" if draw.random() < PARAGRAPH_END_SHARE else ""
        yield f"{draw.randrange(10**6)} {sentence}{end}"


def prose(draw: random.Random, size: int, english: float = ENGLISH_SHARE) -> bytes:
    """Return paragraphs of words in both languages, ``size`` bytes of UTF-8."""
    parts: list[bytes] = []
    length = 0
    for sentence in sentences(draw, english):
        parts.append(sentence.encode())
        length += len(parts[-1])
        if length >= size:
            break
    return b"".join(parts)[:size].decode(errors="ignore").encode()


def mixed(folder: Path, _: float) -> None:
    """Make a folder of the samples and of texts of 2 to 40 kB."""
    draw = random.Random(1)  # noqa: S311 - sizes and words, no secret
    for sample in SAMPLES.iterdir():
        shutil.copy(sample, folder)
    for number in range(MIXED_TEXTS):
        size = int(2000 * 20 ** (number / MIXED_TEXTS))
        suffix = "md" if number % 2 else "txt"
        head = f"# Part {number}\n\n".encode()
        (folder / f"file-{number:03}.{suffix}").write_bytes(head + prose(draw, size))


def many(folder: Path, megabytes: float) -> None:
    """Make texts of 1 MB each."""
    draw = random.Random(2)  # noqa: S311 - words, no secret
    left, number = int(megabytes * 10**6), 0
    while left > 0:
        data = prose(draw, min(left, LARGE_FILE_BYTES), _language(number))
        (folder / f"large-{number:03}.txt").write_bytes(data)
        left -= LARGE_FILE_BYTES
        number += 1


def single(folder: Path, megabytes: float) -> None:
    """Make one text, a third each English, Chinese and mixed."""
    draw = random.Random(3)  # noqa: S311 - words, no secret
    size = int(megabytes * 10**6 / 3)
    with (folder / "single.txt").open("wb") as file:
        for number in range(3):
            file.write(prose(draw, size, _language(number)))


def tiny(folder: Path, _: float) -> None:
    """Make 1,000 files of one paragraph each."""
    draw = random.Random(4)  # noqa: S311 - words, no secret
    for number in range(TINY_FILES):
        (folder / f"{number:04}.txt").write_bytes(prose(draw, 300))


def unchanged(folder: Path, _: float) -> None:
    """Make 10,000 files in 100 folders, all with the same few words."""
    for number in range(UNCHANGED_FILES):
        place = folder / f"{number % 100:02}"
        place.mkdir(exist_ok=True)
        (place / f"{number:05}.txt").write_text("The lighthouse is painted every spring.", "utf-8")


def _language(number: int) -> float:
    """Return the English share of the part of that number."""
    return (1.0, 0.0, ENGLISH_SHARE)[number % 3]


KINDS: dict[str, Callable[[Path, float], None]] = {
    "mixed": mixed,
    "tiny": tiny,
    "unchanged": unchanged,
    "many": many,
    "single": single,
}
