"""A login by OpenID Connect, through the gate: what it opens, and what stays for the machine."""

from __future__ import annotations

from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

from oidc_provider import CLIENT, oidc_provider
from ui_client import UiClient, ask
from ui_server import served_ui

SECRETS = """
[auth]
redirect_uri = "http://localhost:{port}/oauth2callback"
cookie_secret = "a secret of this test alone"
client_id = "{client}"
client_secret = "secret"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


def test_a_login_by_openid_connect_opens_the_library_and_gives_no_rights(
    tmp_path: Path, data_dir: Path
) -> None:
    def prepare(port: int) -> None:
        (tmp_path / ".streamlit").mkdir()
        secrets = SECRETS.format(port=port, client=CLIENT, provider=provider)
        (tmp_path / ".streamlit" / "secrets.toml").write_text(secrets)

    with (
        oidc_provider() as provider,
        served_ui(tmp_path, prepare=prepare, data_dir=str(data_dir)) as server,
    ):
        with UiClient(server.url) as stranger:
            assert "Search" not in stranger.drawn
            url = stranger.upload_url("note.txt")
            assert stranger.upload(url, b"x") == (403, "Log in first")
            stranger.press("Log in")
            cookies = follow(stranger, stranger.redirect)
        with UiClient(server.url) as member:
            member.close()
            member.sent = {"Cookie": f"_streamlit_xsrf={member.xsrf}; {cookies}"}
            member.open()
            assert 'body: "Search"' in member.drawn
            assert "A folder on this computer" not in member.drawn
            url = member.upload_url("note.txt")
            assert member.upload(url, b"x")[0] == 204
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


def follow(client: UiClient, url: str) -> str:
    """Follow redirects as a browser does, from the login to the page; return its cookies."""
    kept: SimpleCookie = SimpleCookie()
    for _ in range(10):
        found = urlsplit(url)
        host = found.netloc or client.host
        own = host == client.host
        cookies = (
            "; ".join(f"{name}={each.coded_value}" for name, each in kept.items()) if own else ""
        )
        path = f"{found.path}?{found.query}" if found.query else found.path or "/"
        status, headers, _ = ask(host, "GET", path, headers={"Cookie": cookies})
        for name, value in headers:
            if own and name.lower() == "set-cookie":
                kept.load(value)
        if status not in (302, 303, 307):
            break
        url = next(value for name, value in headers if name.lower() == "location")
    return "; ".join(f"{name}={each.coded_value}" for name, each in kept.items())
