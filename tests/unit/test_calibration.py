"""How cores share the work is measured once for a machine and a model, and remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kb.llama.calibration import (
    CLEARLY,
    LEAST_TEXTS,
    LEAST_TOKENS,
    ROUNDS,
    Calibration,
    Setup,
    candidates,
)

LARGE = (LEAST_TEXTS, LEAST_TOKENS)


def opened(
    file: Path, *, model: str = "weights", build: str = "AVX2", cores: int = 8
) -> Calibration:
    return Calibration(file, model=model, build=build, cores=cores)


def measure(calibration: Calibration, rates: dict[Setup, float]) -> list[Setup]:
    """Give it calls of these speeds until it asks for no more; return what it tried."""
    tried = []
    while (setup := calibration.next(*LARGE)) is not None:
        tried.append(setup)
        calibration.learn(setup, 1000, 1000 / rates[setup])
    return tried


@pytest.mark.parametrize("cores", [2, 3, 4, 16, 64])
def test_no_candidate_has_more_threads_than_cores(cores: int) -> None:
    found = candidates(cores)
    assert found[0] == Setup(contexts=cores, threads=1)
    assert len(set(found)) == len(found) > 1
    assert all(1 <= setup.contexts * setup.threads <= cores for setup in found)


def test_candidates_take_turns_and_a_clearly_faster_one_is_chosen(tmp_path: Path) -> None:
    calibration = opened(tmp_path / "c.json")
    first, second, third = candidates(8)
    tried = measure(calibration, {first: 100, second: 100 * CLEARLY + 1, third: 90})
    assert tried == [first, second, third] * ROUNDS
    assert calibration.chosen == second


def test_a_little_faster_is_taken_for_chance(tmp_path: Path) -> None:
    calibration = opened(tmp_path / "c.json")
    first, second, third = candidates(8)
    measure(calibration, {first: 100, second: 100 * CLEARLY - 1, third: 90})
    assert calibration.chosen == first


def test_one_disturbed_call_does_not_decide(tmp_path: Path) -> None:
    calibration = opened(tmp_path / "c.json")
    first, second, third = candidates(8)
    calibration.learn(first, 1000, 100.0)  # the machine was busy
    measure(calibration, {first: 100, second: 101, third: 90})
    assert calibration.chosen == first


@pytest.mark.parametrize("size", [(LEAST_TEXTS - 1, 10**6), (1000, LEAST_TOKENS - 1)])
def test_small_calls_are_not_measured(tmp_path: Path, size: tuple[int, int]) -> None:
    assert opened(tmp_path / "c.json").next(*size) is None


def test_the_choice_is_remembered_for_this_model_build_and_number_of_cores(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "c.json"
    first, second, third = candidates(8)
    measure(opened(file), {first: 100, second: 200, third: 90})
    again = opened(file)
    assert again.chosen == second
    assert again.next(*LARGE) is None
    assert opened(file, model="others").chosen is None
    assert opened(file, build="AVX-512").chosen is None
    assert opened(file, cores=4).chosen is None
    measure(opened(file, model="others"), {first: 100, second: 90, third: 90})
    assert opened(file).chosen == second
    assert opened(file, model="others").chosen == first


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", '"text"', "null", "{KEY: 7}", '{KEY: {"contexts": 512, "threads": 9}}'),
        pytest.param("[" * 100_000, id="nested"),
    ],
)
def test_a_damaged_or_foreign_record_costs_measuring_again(tmp_path: Path, text: str) -> None:
    file = tmp_path / "c.json"
    first, second, third = candidates(8)
    measure(opened(file), {first: 100, second: 200, third: 90})
    (key,) = json.loads(file.read_text("utf-8"))
    file.write_text(text.replace("KEY", json.dumps(key)), "utf-8")
    again = opened(file)
    assert again.chosen is None
    measure(again, {first: 100, second: 200, third: 90})
    assert opened(file).chosen == second


def test_a_file_that_cannot_be_written_costs_nothing_but_the_memory(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder is needed")
    calibration = opened(tmp_path / "taken" / "c.json")
    first, second, third = candidates(8)
    measure(calibration, {first: 100, second: 200, third: 90})
    assert calibration.chosen == second
