"""The GPU benchmark runs whole with a tiny model, and its arithmetic is right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def gpu_model(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import gpu_model  # noqa: PLC0415 - found by the line before

    return gpu_model


def test_a_run_with_a_tiny_model_gives_every_figure(tmp_path: Path, gpu_model: ModuleType) -> None:
    out = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "gpu.py"), "--tiny", "--quants", "Q8_0"]
    command += ["--folder", str(tmp_path / "made"), "--json", str(out), "--dtypes", ""]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    report = json.loads(out.read_text("utf-8"))
    (figures,) = report["figures"]
    assert list(figures["lengths"]) == ["32", "256", "1024"]
    for length, found in figures["lengths"].items():
        assert 0 < found["slowest_round"] <= found["documents_per_s"] <= found["fastest_round"]
        assert found["tokens_per_s"] == pytest.approx(int(length) * found["documents_per_s"])
        flops = gpu_model.TINY.flops(int(length)) * found["documents_per_s"]
        assert found["tflops"] == pytest.approx(flops / 1e12)
        assert f"| this project, Q8_0 | {length} |" in done.stdout
    assert 0 < figures["query"]["p50_ms"] <= figures["query"]["p95_ms"]
    # Skipped parts are named, not passed over.
    if report["card"] is None:
        assert "memory check: skipped, there is no GPU" in done.stdout
    else:
        assert report["memory_checks"]


def test_operations_of_the_4b_shape_are_those_counted_by_hand(gpu_model: ModuleType) -> None:
    shape = gpu_model.QWEN3_4B
    # Queries and output 4,096 wide, keys and values 1,024, three matrices of the feed-forward.
    layer = 2 * 2560 * 4096 + 2 * 2560 * 1024 + 3 * 2560 * 9728
    assert shape.computing_parameters == 36 * layer == 3_633_315_840
    # Two tokens see three pairs; a score and a weighted sum cost 2 x 4,096 each.
    assert shape.flops(2) == 2 * 2 * 36 * layer + 36 * 3 * 2 * 2 * 4096


def test_the_vocabulary_has_the_size_of_qwens_and_no_piece_twice(gpu_model: ModuleType) -> None:
    ranks, _ = gpu_model.vocabulary_ranks(gpu_model.QWEN3_4B)
    assert len(set(ranks)) == len(ranks) == 151_643


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H200", 989),
        ("NVIDIA H100 80GB HBM3", 989),
        ("NVIDIA H100 PCIe", 756),
        ("NVIDIA A100-SXM4-80GB", 312),
        ("NVIDIA A10", 125),
        ("NVIDIA L4", 121),
        ("NVIDIA L40S", 362),
        ("Tesla T4", 65),
        ("NVIDIA GeForce RTX 4090", 165.2),
        ("NVIDIA GeForce RTX 4090 D", None),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", None),
        ("NVIDIA GeForce GT 1030", None),
    ],
)
def test_a_card_has_the_peak_of_its_own_kind_or_none(
    name: str, peak: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import gpu_device  # noqa: PLC0415 - found by the line before

    assert gpu_device.peak_of(name) == peak
