"""Fixtures that share the real default model: written once, loaded once for a session."""

from __future__ import annotations

import functools
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder
from kb.models.bundled import ensure_bundled_model

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest  # noqa: TID251 - draws the UI in tests

    from ui.session import Session

APP = Path(__file__).parent.parent / "ui" / "app.py"

# Modules that several tests share. Those that make small models are shared with make_goldens.py
# as well, which runs in a Python of its own.
sys.path[:0] = [str(Path(__file__).parent / folder) for folder in ("golden", "helpers")]


# What takes longest for a file begins first: processes then end at about the same time.
_FIRST = ("browser", "e2e", "contract")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with long tests first; within a kind they stay in their random order."""
    items.sort(key=lambda item: [name in item.path.parts for name in _FIRST], reverse=True)


def pytest_configure() -> None:
    """Have children start as users start them, wherever the tests run.

    A job in the background, `nohup` and many CI systems start programs with SIGINT ignored, and
    children inherit that. A handler of Python's becomes the system's default in them. Some of them
    also forbid Python to keep what it has compiled: hundreds of children would compile all modules
    again, 0.2 s each, and each process that tests all test modules.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class UserInterface:
    """What UI tests hold: the shared session, and pages drawn over it."""

    shared: Session

    def open(self, view: str = "search", *, locale: str = "en-US", **query: str) -> AppTest:
        """Draw a view as a browser of that locale asks for it, and expect no exception."""
        from streamlit.testing.v1 import AppTest  # noqa: PLC0415, TID251 - as above

        page = AppTest.from_file(APP, default_timeout=60)
        page.context["locale"] = locale
        page.query_params.update(query)
        page.run()
        if view != "search":
            page.switch_page(f"views/{view}.py").run()
        assert not page.exception
        return page

    def wait(self) -> None:
        """Wait until no job is under way or waiting."""
        deadline = time.monotonic() + 120
        while self.shared.jobs.active:
            assert time.monotonic() < deadline, self.shared.jobs.listed()
            time.sleep(0.05)


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that holds the default model, whose weights stay in memory for quick openings."""
    from kb.llama.native import Model  # noqa: PLC0415 - unit tests load no model

    folder = tmp_path_factory.mktemp("models")
    weights = Model(ensure_bundled_model(folder))
    yield folder
    weights.close()


@pytest.fixture(scope="session")
def embedder(models_dir: Path) -> Iterator[Embedder]:
    """The default model, loaded."""
    from kb.embedding import open_embedder  # noqa: PLC0415 - unit tests load no model

    opened = open_embedder(Settings(data_dir=models_dir.parent / "none", model=_model(models_dir)))
    yield opened
    opened.close()


def _model(models_dir: Path) -> str:
    # By name, through a data folder that links to the one model, as users have it.
    data_dir = models_dir.parent / "none"
    data_dir.mkdir(exist_ok=True)
    link = data_dir / "models"
    if not link.exists():
        link.symlink_to(models_dir)
    return "multilingual-e5-small"


@pytest.fixture
def data_dir(tmp_path: Path, models_dir: Path) -> Path:
    """An empty data folder in which the default model is ready."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "models").symlink_to(models_dir)
    return folder


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Settings over an empty data folder."""
    return Settings.load(data_dir=data_dir)


@pytest.fixture
def base(settings: Settings, embedder: Embedder) -> Iterator[KnowledgeBase]:
    """An empty knowledge base with the default model."""
    with KnowledgeBase.open(settings, embedder=embedder) as opened:
        yield opened


@pytest.fixture(scope="session")
def components() -> Iterator[None]:
    """Have Streamlit look for components once in a process, as its server does.

    For each page that a test draws it would read what every installed package says of itself, two
    thirds of the time that the page takes.
    """
    from streamlit.components.v2 import (  # noqa: PLC0415, TID251 - only UI tests need it
        manifest_scanner,
    )

    with pytest.MonkeyPatch.context() as patch:
        name = "scan_component_manifests"
        patch.setattr(manifest_scanner, name, functools.cache(getattr(manifest_scanner, name)))
        yield


@pytest.fixture
def ui(
    data_dir: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch, components: None
) -> Iterator[UserInterface]:
    """The browser UI over an empty knowledge base, drawn without a browser."""
    assert components is None
    from streamlit import config  # noqa: PLC0415, TID251 - only UI tests need Streamlit

    from ui.session import Session, session  # noqa: PLC0415 - likewise

    # As ui/.streamlit/config.toml has it, which AppTest does not read.
    before = config.get_option("server.address")
    config.set_option("server.address", "localhost")
    settings = Settings.load(data_dir=data_dir)
    monkeypatch.setattr("ui.session.open_session", lambda: Session(settings, embedder=embedder))
    session.clear()
    yield UserInterface(session())
    session.clear()
    config.set_option("server.address", before)
