"""Which engine a run uses."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from typer.testing import CliRunner

from ingest.cli import app
from ingest.engines.choice import RayCluster, open_engine
from ingest.engines.local import LocalEngine
from kb import KnowledgeBase, Settings
from kb.errors import MissingExtraError, SettingsError

LACKS_RAY = importlib.util.find_spec("ray") is None


def base(tmp_path: Path) -> KnowledgeBase:
    return KnowledgeBase.open(Settings(data_dir=tmp_path), embedder=HashingEmbedder())


def test_a_run_is_local_unless_told_otherwise(tmp_path: Path) -> None:
    with base(tmp_path) as opened:
        assert isinstance(open_engine("local", opened), LocalEngine)


def test_an_engine_that_does_not_exist_is_refused_by_name(tmp_path: Path) -> None:
    with base(tmp_path) as opened, pytest.raises(SettingsError, match="no engine 'spark'"):
        open_engine("spark", opened)


@pytest.mark.skipif(not LACKS_RAY, reason="Ray is installed")
@pytest.mark.parametrize("choice", ["ray", RayCluster(address="head:6379")])
def test_without_ray_the_error_gives_the_command_that_installs_it(
    tmp_path: Path, choice: str | RayCluster
) -> None:
    with (
        base(tmp_path) as opened,
        pytest.raises(MissingExtraError, match=r"pip install 'shelfmark\[ray\]'"),
    ):
        open_engine(choice, opened)


@pytest.mark.parametrize(
    "address", ["", "head:6379", "10.0.0.1:1", "h:65535", "[::1]:6379", "auto", "local"]
)
def test_addresses_of_heads_are_taken(address: str) -> None:
    assert RayCluster(address=address).address == address


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--address", "head:6379"], "are for --engine ray"),
        (["--gpus-per-actor", "0.5"], "are for --engine ray"),
        (["--models-at", "s3://models"], "are for --engine ray"),
        (["--engine", "ray", "--watch"], "--watch cannot be combined"),
        (["--engine", "ray", "--gpus-per-actor", "1.5"], "1.5 GPUs an actor cannot be had"),
        (["--engine", "ray", "--gpus-per-actor", "nan"], "nan GPUs an actor cannot be had"),
        (["--engine", "ray", "--gpus-per-actor", "inf"], "inf GPUs an actor cannot be had"),
        (["--engine", "spark"], "spark"),
        (["--engine", "ray", "--address", "head"], "give its host and port, head:6379"),
        (["--engine", "ray", "--address", "10.0.0.1:"], "give its host and port, 10.0.0.1:6379"),
        (["--engine", "ray", "--address", "head:65536"], "give its host and port, head:6379"),
        (["--engine", "ray", "--address", "head:0"], "give its host and port, head:6379"),
        (["--engine", "ray", "--address", "ray://head:10001"], "`ray start --address head:6379`"),
        (["--engine", "ray", "--address", "http://head:8265"], "`ray start --address head:6379`"),
        pytest.param(
            ["--engine", "ray", "--address", "head:6379"],
            "pip install 'shelfmark[ray]'",
            marks=pytest.mark.skipif(not LACKS_RAY, reason="Ray is installed"),
        ),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("KB_DATA_DIR", str(tmp_path / "data"))

    result = CliRunner().invoke(app, [str(tmp_path), *arguments])

    assert result.exit_code == 2
    assert said in result.output
