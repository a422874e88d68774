"""Behind a reverse proxy, and before pages of other sites: who gets in, and what they may do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from reverse_proxy import reverse_proxy
from ui_client import UiClient
from ui_server import UiServer, served_ui
from websockets.exceptions import InvalidStatus

from ui.access import hashed

PASSWORD = "corréct 马 battery"  # noqa: S105 - a test's
FORWARDED = {"X-Forwarded-For": "198.51.100.7"}
FOLDER = "A folder on this computer"
SETTINGS = "Change a setting"
FOLDER_OF_SET = "quality.folder"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Path:
    data = tmp_path_factory.mktemp("data")
    (data / "models").symlink_to(models_dir)
    return data


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Iterator[UiServer]:
    """The UI as `kb ui` starts it, without a login."""
    with served_ui(tmp_path_factory.mktemp("run"), data_dir=str(data_dir)) as server:
        yield server
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


def rights(client: UiClient) -> set[str]:
    """What the pages offer beside using the library."""
    found = set()
    for path, label in (
        ("library", FOLDER),
        ("status", SETTINGS),
        ("quality", "Path of the folder"),
    ):
        client.path = path
        client.run()
        if f'label: "{label}' in client.drawn:
            found.add(label)
    return found


ALL = {FOLDER, SETTINGS, "Path of the folder"}


def test_whoever_sits_at_the_machine_reads_folders_and_changes_settings(
    unguarded: UiServer,
) -> None:
    with UiClient(unguarded.url) as client:
        assert rights(client) == ALL


@pytest.mark.parametrize(
    ("language", "words"), [("en", "a proxy sent you here"), ("zh-CN,zh", "您通过代理访问")]
)
def test_a_stranger_behind_a_proxy_is_refused_without_a_login_and_told_why(
    unguarded: UiServer, language: str, words: str
) -> None:
    with reverse_proxy(unguarded.port, {**FORWARDED, "Host": "localhost"}) as url:
        client = UiClient(url, sent={"Accept-Language": language})
        for path in ("/", "/library", "/static/index.html", "/media/a", "/_stcore/host-config"):
            status, _, text = client.request("GET", path)
            assert (status, words in text) == (403, True)
        assert client.request("GET", "/_stcore/health")[0] == 200
        assert client.request("PUT", "/_stcore/upload_file/a/b", b"x")[0] == 403
        with pytest.raises(InvalidStatus, match="403"):
            client.open()


def test_a_name_of_another_site_that_leads_here_is_refused(unguarded: UiServer) -> None:
    client = UiClient(unguarded.url)
    evil = {"Host": "evil.example:8501", "Origin": "http://evil.example:8501"}
    status, _, text = client.request("GET", "/", headers=evil)
    assert (status, "belongs to this computer alone" in text) == (403, True)
    client.sent = evil
    with pytest.raises(InvalidStatus, match="403"):
        client.open()


def test_behind_a_proxy_with_a_login_everything_works_but_folders_and_settings(
    tmp_path: Path, data_dir: Path
) -> None:
    with (
        served_ui(tmp_path, data_dir=str(data_dir), ui_password_hash=hashed(PASSWORD)) as server,
        reverse_proxy(server.port, FORWARDED) as url,
        UiClient(url) as client,
    ):
        assert client.request("GET", "/static/index.html")[0] == 200
        client.log_in(PASSWORD)
        assert 'body: "Search"' in client.drawn
        assert client.upload(client.upload_url("note.txt"), b"sent through a proxy")[0] == 204
        assert rights(client) == set()
        with UiClient(server.url) as direct:  # a login is configured: nobody is told apart
            direct.log_in(PASSWORD)
            assert rights(direct) == set()


def test_a_setting_lets_everybody_who_is_let_in_read_folders_and_change_settings(
    tmp_path: Path, data_dir: Path
) -> None:
    with (
        served_ui(
            tmp_path,
            data_dir=str(data_dir),
            ui_password_hash=hashed(PASSWORD),
            ui_trust="all",
        ) as server,
        reverse_proxy(server.port, FORWARDED) as url,
        UiClient(url) as client,
    ):
        assert client.one("text_input").label == "Password"
        client.log_in(PASSWORD)
        assert rights(client) == ALL


def test_a_setting_lets_a_proxy_ask_for_the_login_and_gives_no_rights(
    tmp_path: Path, data_dir: Path
) -> None:
    with (
        served_ui(tmp_path, data_dir=str(data_dir), ui_trust="proxy") as server,
        reverse_proxy(server.port, {**FORWARDED, "Host": "kb.example"}) as url,
        UiClient(url, sent={"Origin": "https://kb.example"}) as client,
    ):
        assert 'body: "Search"' in client.drawn
        assert rights(client) == set()
        status, _, text = UiClient(server.url).request("GET", "/", headers={"Host": "evil.example"})
        assert (status, "belongs to this computer alone" in text) == (403, True)
