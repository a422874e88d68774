"""The weights of a file are in memory once, as long as somebody in the process has them open."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kb import ending
from kb.errors import ModelCallError, ModelError
from kb.llama.library import listening
from kb.llama.native import Model
from kb.llama.weights import Weights
from kb.models.convert import convert_checkpoint


@pytest.fixture
def path(checkpoints: Path, tmp_path: Path) -> Path:
    """A small model's file."""
    file = tmp_path / "small.gguf"
    convert_checkpoint(checkpoints / "qwen3", file, quantize="F16")
    return file


@contextmanager
def loads() -> Iterator[list[str]]:
    """Gather what llama.cpp says once for each file that it loads."""
    said: list[str] = []
    with listening(lambda line: said.append(line) if "loaded meta data" in line else None):
        yield said


def opened(path: Path) -> Model:
    return Model(path, n_gpu_layers=0)


def test_a_file_that_is_open_is_not_loaded_again(path: Path) -> None:
    link = path.with_name("link.gguf")
    link.symlink_to(path)
    with loads() as said, closing(opened(path)) as one, closing(opened(link)) as two:
        assert one.handle == two.handle
    assert len(said) == 1


def test_what_one_closes_the_other_has_still(path: Path) -> None:
    first, second = opened(path), opened(path)
    tokens = first.tokenize("a fair exchange")
    first.close()
    first.close()
    with pytest.raises(ModelCallError, match="is closed"):
        _ = first.handle
    assert list(second.tokenize("a fair exchange")) == list(tokens)
    second.close()


def test_what_all_have_closed_is_loaded_again(path: Path) -> None:
    with loads() as said:
        for _ in range(2):
            opened(path).close()
    assert len(said) == 2


def test_a_file_that_was_replaced_or_changed_is_loaded_anew(path: Path) -> None:
    with loads() as said, closing(opened(path)) as first:
        shutil.copy(path, path.with_name("copy.gguf")).replace(path)
        with closing(opened(path)) as replaced:
            assert replaced.handle != first.handle
            os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
            with closing(opened(path)) as changed:
                assert changed.handle not in (first.handle, replaced.handle)
    assert len(said) == 3


def test_the_header_alone_is_not_taken_for_the_weights(path: Path) -> None:
    header = Model(path, n_gpu_layers=0, only_header=True)
    with closing(header), closing(opened(path)) as whole:
        assert whole.handle != header.handle


def test_those_who_open_at_once_load_once(path: Path) -> None:
    with loads() as said, ThreadPoolExecutor(4) as threads:
        models = list(threads.map(opened, [path] * 4))
        assert len({str(model.handle) for model in models}) == 1
        for model in models:
            model.close()
    assert len(said) == 1


def test_a_file_that_could_not_be_loaded_is_tried_again(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="cannot load"):
        opened(path)
    path.write_bytes(whole)
    opened(path).close()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process as one that was started for one command."""
    monkeypatch.setattr(ending, "_state", ending._State())
    monkeypatch.setattr(Weights, "_open", {})
    ending.after_one_command()


@pytest.mark.usefixtures("command")
def test_a_command_that_is_done_leaves_weights_to_the_end_of_its_process(path: Path) -> None:
    with loads() as said:
        opened(path).close()
        opened(path).close()
        ending.begin()
        opened(path).close()
        with closing(opened(path)) as kept:
            assert list(kept.tokenize("a fair exchange"))
    assert len(said) == 3


@pytest.mark.usefixtures("command")
def test_the_weights_on_a_gpu_are_freed_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.llama.weights.supports_gpu", lambda: True)
    ending.begin()
    opened(path).close()
    assert not Weights._open


def test_a_program_that_uses_the_library_leaves_nothing_to_its_end() -> None:
    ending.begin()
    assert not ending.is_near()
