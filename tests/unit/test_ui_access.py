"""Who may see the browser UI: this machine, or whoever knows the password."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit import config

from kb import KnowledgeBaseError, Settings, SettingsError
from kb.listening import require_guard
from kb.loopback import is_loopback
from kb.records import Source
from kb.setting_changes import CHANGEABLE
from ui import launch, login
from ui.access import hashed, is_right, open_to_all, same_site, turned_away
from ui.attempts import FREE_OF_ADDRESS, Attempts
from ui.starting import can_read, start_again, start_folder

if TYPE_CHECKING:
    from conftest import UserInterface
    from streamlit.testing.v1 import AppTest

PASSWORD = "corréct 马 battery"  # noqa: S105 - a test's


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),  # noqa: S104 - refused
        ("::", False),
        ("192.168.1.4", False),
        ("host.example", False),
        ("", False),
        (None, False),
    ],
)
def test_only_loopback_needs_no_login(address: str | None, loopback: bool) -> None:  # noqa: FBT001 - a case
    assert is_loopback(address) is loopback
    require_guard(address, guarded=True, otherwise="never said")
    with nullcontext() if loopback else pytest.raises(SettingsError, match="anyone could read"):
        require_guard(address, guarded=False, otherwise=open_to_all(address))


def test_a_password_is_kept_as_an_argon2_hash_and_known_again() -> None:
    kept = hashed(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    assert hashed(PASSWORD) != kept
    assert is_right(PASSWORD, kept)
    assert not is_right("another", kept)
    assert not is_right(PASSWORD, "no hash")


def test_the_command_sets_a_password_and_tells_it_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KB_CONFIG", str(tmp_path / "kb.toml"))
    typed = [PASSWORD, PASSWORD]
    monkeypatch.setattr("getpass.getpass", lambda _: typed.pop(0))
    launch.main(["--set-password"])
    kept = tomllib.loads((tmp_path / "kb.toml").read_text("utf-8"))["ui_password_hash"]
    assert is_right(PASSWORD, kept)
    assert PASSWORD not in capsys.readouterr().out
    assert kept not in repr(Settings.load())


def test_the_hash_goes_into_the_file_that_it_is_read_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_CONFIG", str(tmp_path / "kb.toml"))
    monkeypatch.setenv("KB_UI_PASSWORD_HASH_FILE", str(tmp_path / "secret"))
    (tmp_path / "secret").touch()
    monkeypatch.setattr("getpass.getpass", lambda _: PASSWORD)
    launch.main(["--set-password"])
    assert not (tmp_path / "kb.toml").exists()
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0
    assert is_right(PASSWORD, Settings.load().ui_password_hash or "")


@pytest.mark.parametrize("typed", [["short", "short"], [PASSWORD, "something else"]])
def test_a_short_or_mistyped_password_changes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: list[str],
) -> None:
    monkeypatch.setenv("KB_CONFIG", str(tmp_path / "kb.toml"))
    monkeypatch.setattr("getpass.getpass", lambda _: typed.pop(0))
    with pytest.raises(SystemExit):
        launch.main(["--set-password"])
    assert "nothing was changed" in capsys.readouterr().err
    assert not (tmp_path / "kb.toml").exists()


def test_the_command_refuses_to_listen_for_others_without_a_login(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kb", "ui", "--host", "0.0.0.0", "--port", "8599"]  # noqa: S104 - refused
    environment = {**os.environ, "KB_CONFIG": str(tmp_path / "no.toml"), "HOME": str(tmp_path)}
    done = subprocess.run(
        command,
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "anyone could read" in done.stderr
    assert "kb ui --set-password" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("locale", "words"), [("en-US", "open to everybody"), ("zh-CN", "将对所有人开放")]
)
@pytest.mark.parametrize("bound", ["0.0.0.0", "192.168.1.4", None])  # noqa: S104 - refused
def test_the_page_shows_nothing_where_streamlit_listens_for_others(
    ui: UserInterface, locale: str, words: str, bound: str | None
) -> None:
    ui.shared.base.add("A secret heron.", name="secret.txt")
    config.set_option("server.address", bound)
    page = ui.open(locale=locale, q="heron")
    assert words in page.error[0].value
    assert not page.text_input
    assert "secret" not in html(page)


@pytest.fixture
def guarded(ui: UserInterface) -> UserInterface:
    """The UI with a password."""
    login._attempts.clear()
    base = ui.shared.base
    base.add("A secret heron.", name="secret.txt")
    base.settings = base.settings.model_copy(update={"ui_password_hash": hashed(PASSWORD)})
    return ui


def html(page: AppTest) -> str:
    values = [element.value for element in page.html]  # type: ignore[attr-defined] # AppTest
    return "\n".join(value for value in values if not value.startswith("<style"))


def log_in(page: AppTest, password: str) -> AppTest:
    page.text_input(key="password").set_value(password)
    page.button[0].click().run()
    assert not page.exception
    return page


@pytest.mark.parametrize(
    ("locale", "why", "wrong", "out"),
    [
        (
            "en-US",
            "This library is protected by a password.",
            "This is not the password",
            "Log out",
        ),
        ("zh-CN", "此文档库受密码保护。", "密码不正确", "退出登录"),
    ],
)
def test_with_a_password_nothing_is_shown_before_it_is_given(
    guarded: UserInterface, locale: str, why: str, wrong: str, out: str
) -> None:
    config.set_option("server.address", "0.0.0.0")  # noqa: S104 - guarded
    page = guarded.open(locale=locale, q="heron")
    assert (page.title[0].value, page.markdown[0].value) == ("Shelfmark", why)
    assert "secret" not in html(page)
    log_in(page, "not it")
    assert wrong in page.error[0].value
    assert "secret" not in html(page)
    log_in(page, PASSWORD)
    assert "secret.txt" in html(page)
    next(button for button in page.button if button.label == out).click().run()
    assert (page.title[0].value, page.markdown[0].value) == ("Shelfmark", why)
    assert "secret" not in html(page)


def test_wrong_passwords_slow_the_next_one_of_their_session_and_the_right_one_gets_in(
    guarded: UserInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    attempts = login._attempts()
    real = attempts.check

    def check(is_right: Callable[[], bool], *, address: str, wrong: int) -> bool:
        asked.append(wrong)
        return real(is_right, address=address, wrong=0)  # a test does not wait

    monkeypatch.setattr(attempts, "check", check)
    page, other = guarded.open(), guarded.open()
    for _ in range(FREE_OF_ADDRESS - 1):
        log_in(page, "not it")
        assert "This is not the password" in page.error[0].value
    log_in(other, PASSWORD)
    log_in(page, PASSWORD)
    assert page.title[0].value == other.title[0].value == "Search"
    assert asked == [0, 1, 2, 3, 0, 4]


def test_somebody_is_told_where_too_many_are_logging_in_and_nothing_counts_against_them(
    guarded: UserInterface, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Attempts(most_waiting=0)
    monkeypatch.setattr(login, "_attempts", lambda: full)
    page = log_in(guarded.open(), PASSWORD)
    assert "Too many people" in page.error[0].value
    monkeypatch.undo()
    assert log_in(page, PASSWORD).title[0].value == "Search"


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "198.51.100.7"},
        {"forwarded": "for=198.51.100.7"},
        {"x-real-ip": "198.51.100.7"},
        {"via": "1.1 proxy"},
        {"x-forwarded-host": "kb.example"},
        {"x-forwarded-proto": "https"},
        {"cf-connecting-ip": "198.51.100.7"},
        {"CF-Ray": "1"},
        {"X-Forwarded-For": ""},
    ],
)
def test_a_request_that_a_proxy_sent_needs_a_login_or_the_setting(headers: dict[str, str]) -> None:
    headers = {"host": "localhost:8501", **headers}
    ask = partial(turned_away, headers, address="localhost")
    assert ask(guarded=False, trust="local") == "forwarded"
    assert ask(guarded=True, trust="local") is None
    assert ask(guarded=False, trust="proxy") is None
    assert ask(guarded=False, trust="all") is None


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost:8501", True),
        ("localhost", True),
        ("LOCALHOST:8501", True),
        ("127.0.0.1:8501", True),
        ("[::1]:8501", True),
        ("[::1]", True),
        ("kb.localhost:8501", True),
        ("evil.example:8501", False),
        ("127.0.0.1.evil.example:8501", False),
        ("localhost.evil.example", False),
        ("192.168.1.4:8501", False),
        ("", False),
    ],
)
def test_without_a_login_only_names_of_this_machine_are_answered(
    host: str,
    ours: bool,  # noqa: FBT001 - a case
) -> None:
    for trust in ("local", "proxy", "all"):
        why = turned_away({"host": host}, address="localhost", guarded=False, trust=trust)
        assert why == (None if ours else "host")
    assert turned_away({"host": host}, address="localhost", guarded=True, trust="local") is None


@pytest.mark.parametrize(
    ("origin", "ours"),
    [
        (None, True),
        ("http://localhost:8501", True),
        ("https://localhost:8501", True),
        ("http://localhost:3000", False),
        ("http://127.0.0.1:8501", False),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_a_page_of_another_site_changes_nothing(origin: str | None, ours: bool) -> None:  # noqa: FBT001 - a case
    headers = {"host": "localhost:8501"} | ({} if origin is None else {"origin": origin})
    assert same_site(headers) is ours


def test_with_a_login_nobody_reads_folders_or_changes_settings_unless_the_setting_says_so(
    guarded: UserInterface, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("A heron.")
    sources = [Source(root=str(tmp_path), path="a.txt")]
    shared = guarded.shared
    page = log_in(guarded.open(), PASSWORD)
    library = page.switch_page("views/library.py").run()
    assert library.file_uploader
    assert "folder" not in [each.key for each in library.text_input]
    status = page.switch_page("views/status.py").run()
    assert "Change a setting" not in [each.label for each in status.expander]
    assert any("Settings are changed on the computer" in each.value for each in status.caption)
    with pytest.raises(KnowledgeBaseError, match="ui_trust"):
        start_folder(shared, tmp_path, collection="default")
    assert not can_read(shared, sources, collection="default")
    start_again(shared, sources, collection="default")
    assert shared.jobs.listed() == []
    shared.base.settings = shared.settings.model_copy(update={"ui_trust": "all"})
    assert can_read(shared, sources, collection="default")
    status = page.switch_page("views/status.py").run()
    assert "Change a setting" in [each.label for each in status.expander]
    library = page.switch_page("views/library.py").run()
    assert "folder" in [each.key for each in library.text_input]
    start_folder(shared, tmp_path, collection="default")
    guarded.wait()
    assert shared.base.search("heron", mode="keyword")


def test_whom_the_page_trusts_cannot_be_changed_on_the_page() -> None:
    assert "ui_trust" not in CHANGEABLE
