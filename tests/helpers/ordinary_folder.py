"""A folder that a person works in: seeded random edits, and what ought to be found of it after.

Each step does what people do to folders (edit, rename, copy, swap, delete, hide, ignore, bring an
old version back); :meth:`visible` says by plain rules which texts a collection in step must hold.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

_WORDS = [
    "river",
    "stone",
    "castle",
    "登记",
    "bridge",
    "lantern",
    "harvest",
    "winter",
    "orchard",
    "合同",
    "meadow",
    "copper",
]
_NAMES = ("notes", "plan", "报告", "minutes", "draft", "letter")
_FOLDERS = ("", "one", "two", "one/deep", "归档")


class OrdinaryFolder:
    """Random changes to the text files below ``root``; the same ones for the same seed."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.done: list[str] = []
        self._draw = random.Random(seed)  # noqa: S311 - test data
        self._clock = 1_700_000_000_000_000_000
        self._old: list[str] = []
        root.mkdir(parents=True, exist_ok=True)
        for _ in range(8):
            self.create()

    def change(self, times: int) -> None:
        """Do some of what people do."""
        steps: list[Callable[[], None]] = [
            *([self.create, self.edit, self.edit, self.rename, self.copy, self.delete] * 2),
            *(self.swap, self.revert, self.move_folder, self.delete_folder, self.touch),
            *(self.hide, self.unhide, self.ignore, self.stop_ignoring, self.file_to_folder),
        ]
        for _ in range(times):
            self._draw.choice(steps)()

    def visible(self) -> dict[str, str]:
        """Return the text of every file that a collection in step must hold, by path."""
        ignored = self._ignored()
        return {
            path.relative_to(self.root).as_posix(): path.read_text("utf-8")
            for path in self._files()
            if not any(part.startswith(".") for part in path.relative_to(self.root).parts)
            and not ignored & _names(path.relative_to(self.root))
        }

    def create(self) -> None:
        path = self._new_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._write(path, self._text())
        self._say("create", path)

    def edit(self) -> None:
        if path := self._any():
            self._old.append(path.read_text("utf-8"))
            self._write(path, self._text())
            self._say("edit", path)

    def revert(self) -> None:
        if self._old and (path := self._any()):
            self._write(path, self._draw.choice(self._old))
            self._say("revert", path)

    def rename(self) -> None:
        if path := self._any():
            new = self._new_path()
            new.parent.mkdir(parents=True, exist_ok=True)
            path.rename(new)
            self._say("rename", path, new)

    def copy(self) -> None:
        if path := self._any():
            new = self._new_path()
            new.parent.mkdir(parents=True, exist_ok=True)
            self._write(new, path.read_text("utf-8"))
            self._say("copy", path, new)

    def swap(self) -> None:
        one, other = self._any(), self._any()
        if one and other and one != other:
            aside = one.with_name("aside.tmp")
            one.rename(aside)
            other.rename(one)
            aside.rename(other)
            self._say("swap", one, other)

    def delete(self) -> None:
        if path := self._any():
            self._old.append(path.read_text("utf-8"))
            path.unlink()
            self._say("delete", path)

    def touch(self) -> None:
        if path := self._any():
            self._stamp(path)
            self._say("touch", path)

    def hide(self) -> None:
        if (path := self._any()) and not path.name.startswith("."):
            path.rename(path.with_name(f".{path.name}"))
            self._say("hide", path)

    def unhide(self) -> None:
        hidden = [path for path in self._files() if path.name.startswith(".")]
        if hidden:
            path = self._draw.choice(hidden)
            target = path.with_name(path.name.lstrip("."))
            if not target.exists():
                path.rename(target)
                self._say("unhide", path)

    def ignore(self) -> None:
        if path := self._any():
            folder = path.parent.name if path.parent != self.root else ""
            pattern = f"{folder}/" if folder and self._draw.random() < 0.5 else f"{path.stem}.txt"
            with self._ignore_file.open("a", encoding="utf-8") as file:
                file.write(f"{pattern}\n")
            self._say("ignore", pattern)

    def stop_ignoring(self) -> None:
        if self._ignore_file.exists():
            self._ignore_file.unlink()
            self._say("stop ignoring")

    def move_folder(self) -> None:
        folders = self._folders()
        if folders:
            folder = self._draw.choice(folders)
            target = self.root / f"moved{len(self.done)}"
            folder.rename(target)
            self._say("move folder", folder, target)

    def delete_folder(self) -> None:
        folders = self._folders()
        if folders and self._draw.random() < 0.3:
            folder = self._draw.choice(folders)
            shutil.rmtree(folder)
            self._say("delete folder", folder)

    def file_to_folder(self) -> None:
        if path := self._any():
            text = path.read_text("utf-8")
            path.unlink()
            path.mkdir()
            self._write(path / "inside.txt", text)
            self._say("file to folder", path)

    @property
    def _ignore_file(self) -> Path:
        return self.root / ".kbignore"

    def _ignored(self) -> set[str]:
        if not self._ignore_file.exists():
            return set()
        return set(self._ignore_file.read_text("utf-8").split())

    def _files(self) -> list[Path]:
        return sorted(path for path in self.root.rglob("*.txt") if path.is_file())

    def _folders(self) -> list[Path]:
        return sorted(path for path in self.root.iterdir() if path.is_dir())

    def _any(self) -> Path | None:
        files = self._files()
        return self._draw.choice(files) if files else None

    def _new_path(self) -> Path:
        while True:
            name = f"{self._draw.choice(_NAMES)}{self._draw.randrange(100)}.txt"
            path = self.root / self._draw.choice(_FOLDERS) / name
            if not path.exists() and not any(parent.is_file() for parent in path.parents):
                return path

    def _text(self) -> str:
        words = self._draw.choices(_WORDS, k=self._draw.randrange(5, 40))
        return f"unique{self._draw.randrange(10**12)} " + " ".join(words)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, "utf-8")
        self._stamp(path)

    def _stamp(self, path: Path) -> None:
        """Give a file a time of change of its own: two edits within one tick look like none."""
        self._clock += 1_000_000_000
        os.utime(path, ns=(self._clock, self._clock))

    def _say(self, what: str, *which: Path | str) -> None:
        names = [str(w.relative_to(self.root)) if isinstance(w, Path) else w for w in which]
        self.done.append(" ".join([what, *names]))


def _names(path: Path) -> set[str]:
    """Return what ignores a path: its names, and those of its folders with a slash."""
    return {*path.parts, *(f"{folder}/" for folder in path.parts[:-1])}
