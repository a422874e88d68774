"""Installed from its wheel, outside the checkout, by somebody who has set nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from built_wheel import ROOT, build_wheel, install_wheel, users_environment
from held_port import held_port

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="the data folder is Linux's")

SAMPLES = sorted(path.name for path in (ROOT / "data" / "samples").iterdir())


@dataclass(frozen=True)
class Installed:
    programs: Path
    home: Path

    @property
    def data(self) -> Path:
        return self.home / ".local" / "share" / "shelfmark"

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        folder = self.home / "elsewhere"
        folder.mkdir(exist_ok=True)
        return subprocess.run(
            [self.programs / program, *arguments],
            cwd=folder,
            env=users_environment(self.home),
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_wheel(wheel, tmp_path_factory.mktemp("installed") / "environment")


@pytest.fixture
def installed(programs: Path, tmp_path: Path, models_dir: Path) -> Installed:
    made = Installed(programs, tmp_path / "home")
    made.home.mkdir()
    # Making the default model takes 5 s, and is another test's.
    shutil.copytree(models_dir, made.data / "models", copy_function=os.link)
    return made


def test_the_wheel_has_every_file_that_the_packages_need_and_the_samples(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    data = {Path(name).name for name in names if "/share/shelfmark/samples/" in name}
    assert sorted(data) == SAMPLES
    tracked = subprocess.run(
        ["git", "ls-files", "kb", "ingest", "ui"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    wanted = {name for name in tracked if not name.startswith("ui/screenshots/")}
    assert wanted - names == set()
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]


def test_the_first_start_says_where_data_is_kept_and_how_to_try_the_samples(
    installed: Installed,
) -> None:
    first = installed.run("kb", "collections")
    assert first.returncode == 0, first.stderr
    assert f"kept in {installed.data}" in first.stderr
    offered = re.search(r"kb ingest (\S+)", first.stderr)
    assert offered is not None
    assert sorted(path.name for path in Path(offered[1]).iterdir()) == SAMPLES
    assert (installed.data / "store").is_dir()
    again = installed.run("kb", "collections")
    assert "first start" not in again.stderr
    assert list((installed.home / "elsewhere").iterdir()) == []


def test_the_module_beside_a_folder_of_documents_is_never_run(installed: Installed) -> None:
    folder = installed.home / "elsewhere"
    folder.mkdir()
    (folder / "ingest.py").write_text("raise SystemExit('a file of the user')\n")
    shown = installed.run("kb", "ingest", "--help")
    assert shown.returncode == 0, shown.stderr
    assert "--watch" in shown.stdout


@pytest.mark.slow
def test_what_is_installed_reads_the_samples_finds_them_and_opens_in_the_browser(
    installed: Installed,
) -> None:
    first = installed.run("kb", "collections")
    samples = re.search(r"kb ingest (\S+)", first.stderr)
    assert samples is not None
    read = installed.run("kb", "ingest", samples[1], "--json")
    assert read.returncode == 0, read.stderr
    again = installed.run("python", "-m", "ingest", samples[1])
    assert again.returncode == 0, again.stderr
    found = installed.run("kb", "search", "咖啡机如何除垢？", "--json")
    assert "espresso-machine-manual.pdf" in json.dumps(json.loads(found.stdout)[0])
    with (
        held_port() as port,
        subprocess.Popen(
            [installed.programs / "kb", "ui", "--port", str(port)],
            cwd=installed.home,
            env=users_environment(installed.home),
            stderr=subprocess.PIPE,
            text=True,
        ) as server,
    ):
        try:
            assert server.stderr is not None
            assert f"localhost:{port}" in server.stderr.readline()
            with urllib.request.urlopen(f"http://localhost:{port}/", timeout=60) as page:
                assert page.status == 200
        finally:
            server.terminate()


Installer = Callable[[Path, Path, str, Path], tuple[Path, list[str | Path]]]


def _pip(_: Path, wheel: Path, llama: str, folder: Path) -> tuple[Path, list[str | Path]]:
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    programs = environment / "bin"
    return programs, [programs / "pip", "install", "--quiet", "--find-links", llama, wheel]


def _pipx(tools: Path, wheel: Path, llama: str, folder: Path) -> tuple[Path, list[str | Path]]:
    command = [tools / "pipx", "install", wheel, f"--pip-args=--find-links {llama}"]
    return folder / "bin", [*command, "--python", sys.executable]


def _uv(tools: Path, wheel: Path, llama: str, folder: Path) -> tuple[Path, list[str | Path]]:
    command = [tools / "uv", "tool", "install", wheel, "--find-links", llama]
    return folder / "bin", [*command, "--python", sys.executable]


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of pipx and uv, in an environment of their own."""
    environment = tmp_path_factory.mktemp("tools") / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    programs = environment / "bin"
    done = subprocess.run([programs / "pip", "install", "--quiet", "pipx", "uv"], check=False)
    if done.returncode:
        pytest.skip("pipx and uv cannot be fetched")
    return programs


@pytest.mark.slow
@pytest.mark.parametrize("installer", [_pip, _pipx, _uv])
def test_an_installer_brings_all_packages_into_an_empty_environment(
    installer: Installer, tools: Path, wheel: Path, tmp_path: Path, models_dir: Path
) -> None:
    built = subprocess.run(
        [sys.executable, ROOT / "kb" / "install", "--llama"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    programs, command = installer(tools, wheel, built.stdout.strip(), tmp_path)
    environment = {
        **users_environment(tmp_path / "home"),
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(programs),
        "UV_TOOL_DIR": str(tmp_path / "uv"),
        "UV_TOOL_BIN_DIR": str(programs),
    }
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)

    installed = Installed(programs, tmp_path / "home")
    shutil.copytree(models_dir, installed.data / "models", copy_function=os.link)
    first = installed.run("kb", "collections")
    samples = re.search(r"kb ingest (\S+)", first.stderr)
    assert samples is not None, first.stderr
    read = installed.run("kb", "ingest", samples[1], "--json")
    assert read.returncode == 0, read.stderr
    found = installed.run("kb", "search", "咖啡机如何除垢？", "--json")
    assert "espresso-machine-manual.pdf" in json.dumps(json.loads(found.stdout)[0])
