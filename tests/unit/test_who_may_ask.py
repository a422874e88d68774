"""Who gets in: whoever brings a key, and programs of this machine where there are no keys."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from served_app import ServedApp, served_app
from starlette.routing import BaseRoute

from kb import KnowledgeBase, Settings, SettingsError
from kb.catalog.key_records import KEY_SCOPES, KeyScope
from kb.forwarding import last_forwarded
from kb.server.limits import Limits
from kb.server.running import prepared
from kb.server.scopes import needs

OWN_KEY = "a-key-that-nobody-guesses-1407"
FORWARDED = (
    {"Forwarded": "for=198.51.100.7"},
    {"X-Forwarded-For": "198.51.100.7"},
    {"X-Forwarded-Host": "kb.example"},
    {"X-Forwarded-Proto": "https"},
    {"X-Real-IP": "198.51.100.7"},
    {"Via": "1.1 proxy"},
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    folder = tmp_path_factory.mktemp("served")
    with served_app(folder, origins=["https://chat.example/"]) as opened:
        opened.gate.table.routes.append(route("/put", "write", method="PUT"))  # type: ignore[attr-defined]
        yield opened


@pytest.fixture
def served(running: ServedApp) -> Iterator[ServedApp]:
    """The server without any key."""
    yield running
    for key in running.base.keys.listed():
        if key.standing != "revoked":
            running.base.keys.revoke(key.name)


def route(path: str, *scopes: KeyScope, method: str = "GET") -> BaseRoute:
    """Return a route that answers whoever gets to it."""
    router = APIRouter()

    @router.api_route(path, methods=[method])
    @needs(*scopes, body="files" if method == "PUT" else "json")
    async def answer() -> str:
        return "in"

    return router.routes[0]


def ask(
    served: ServedApp,
    path: str = "/v1/models",
    *,
    method: str = "GET",
    key: str = "",
    **rest: Any,  # noqa: ANN401 - of httpx
) -> httpx.Response:
    headers = rest.pop("headers", {}) | ({"Authorization": f"Bearer {key}"} if key else {})
    return httpx.request(
        method, f"{served.url}{path}", headers=headers, trust_env=False, timeout=60, **rest
    )


def code(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json()["error"]["code"]


def test_without_keys_programs_of_this_machine_need_none(served: ServedApp) -> None:
    assert ask(served).status_code == 200
    # OpenAI's clients always send one.
    assert ask(served, key="sk-no-key-required").status_code == 200


def test_once_there_is_a_key_everybody_needs_one(served: ServedApp) -> None:
    _, token = served.base.keys.create("bot", scopes=["read"])
    assert code(ask(served)) == (401, "invalid_api_key")
    assert code(ask(served, key="sk-no-key-required")) == (401, "invalid_api_key")
    assert ask(served, key=token).status_code == 200
    assert ask(served, "/health").status_code == 200
    served.base.keys.revoke("bot")
    assert ask(served).status_code == 200


def test_a_revoked_key_is_refused_even_where_none_is_needed(served: ServedApp) -> None:
    _, token = served.base.keys.create("bot", scopes=["read"])
    served.base.keys.revoke("bot")
    answer = ask(served, key=token)
    assert code(answer) == (401, "key_revoked")
    assert "'bot' was revoked on 20" in answer.json()["error"]["message"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_expired_key_is_refused_and_goes_on_being_needed(served: ServedApp) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    _, token = served.base.keys.create("bot", scopes=["read"], expires_at=soon)
    time.sleep(0.35)
    assert code(ask(served, key=token)) == (401, "key_expired")
    assert ask(served).status_code == 401


def test_a_key_that_another_process_revokes_is_refused_at_the_next_request(
    served: ServedApp,
) -> None:
    with KnowledgeBase.open(served.base.settings) as other:
        _, token = other.keys.create("bot", scopes=["read"])
        assert ask(served, key=token).status_code == 200
        other.keys.revoke("bot")
        assert code(ask(served, key=token)) == (401, "key_revoked")


def test_two_servers_over_one_catalog_agree_at_once(served: ServedApp) -> None:
    folder = served.base.settings.data_dir
    with served_app(folder) as other:
        _, token = served.base.keys.create("bot", scopes=["read"])
        assert [ask(each, key=token).status_code for each in (served, other)] == [200, 200]
        assert [ask(each).status_code for each in (served, other)] == [401, 401]
        other.base.keys.revoke("bot")
        assert [code(ask(each, key=token)) for each in (served, other)] == [
            (401, "key_revoked"),
            (401, "key_revoked"),
        ]


def test_the_key_of_the_environment_has_all_scopes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_SERVER_API_KEY", OWN_KEY)
    with served_app(tmp_path) as served:
        for rule in ([scope] for scope in KEY_SCOPES):
            served.gate.table.routes.append(route(f"/only/{rule[0]}", *rule))  # type: ignore[attr-defined]
            assert ask(served, f"/only/{rule[0]}", key=OWN_KEY).status_code == 200
        assert ask(served).status_code == 401
        for wrong in (OWN_KEY[:-1], OWN_KEY + "x", "ключ".encode().decode("latin-1")):
            assert (
                ask(
                    served, headers={"Authorization": f"Bearer {wrong}".encode("latin-1")}
                ).status_code
                == 401
            )
        # Keys of the catalog go on beside it.
        _, token = served.base.keys.create("bot", scopes=["read"])
        assert ask(served, key=token).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_key_is_sent_as_a_bearer_token_and_in_no_other_way(
    served: ServedApp, scheme: str
) -> None:
    _, token = served.base.keys.create("bot", scopes=["read"])
    assert ask(served, headers={"Authorization": f"{scheme} {token}"}).status_code == 200
    for headers in (
        {"Authorization": token},
        {"Authorization": f"Basic {token}"},
        {"Api-Key": token},
    ):
        assert ask(served, headers=headers).status_code == 401
    assert ask(served, f"/v1/models?key={token}").status_code == 401


@pytest.mark.parametrize("headers", FORWARDED, ids=lambda each: next(iter(each)))
def test_what_a_proxy_passed_on_needs_a_key_though_it_arrives_on_loopback(
    served: ServedApp, headers: dict[str, str]
) -> None:
    answer = ask(served, headers=headers)
    assert code(answer) == (401, "invalid_api_key")
    assert "kb keys create" in answer.json()["error"]["message"]
    _, token = served.base.keys.create("bot", scopes=["read"])
    assert ask(served, key=token, headers=headers).status_code == 200


def test_behind_a_proxy_everybody_needs_a_key(tmp_path: Path) -> None:
    with (
        pytest.raises(SettingsError, match="kb keys create"),
        served_app(tmp_path, behind_proxy=True),
    ):
        pass
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path)) as base:
        _, token = base.keys.create("bot", scopes=["read"])
    with served_app(tmp_path, behind_proxy=True) as served:
        assert ask(served, key=token).status_code == 200
        served.base.keys.revoke("bot")
        # A proxy that adds no header: nothing opens when the last key is gone.
        assert code(ask(served)) == (401, "invalid_api_key")


def test_behind_a_proxy_the_access_log_has_the_address_that_it_names(tmp_path: Path) -> None:
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path)) as base:
        _, token = base.keys.create("bot", scopes=["read"])
    lines: list[dict[str, Any]] = []
    with served_app(tmp_path, behind_proxy=True, note=lines.append) as served:
        ask(served, key=token, headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.7"})
        ask(served, key=token)
    assert [line["forwarded_for"] for line in lines] == ["203.0.113.7", ""]


@pytest.mark.parametrize(
    ("named", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("made up, 2001:DB8::1", "2001:db8::1"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("203.0.113.7, heron", ""),
        ("", ""),
        ("203.0.113.7,", ""),
    ],
)
def test_only_an_address_that_the_nearest_proxy_names_counts(named: str, address: str) -> None:
    assert last_forwarded({"x-forwarded-for": named}) == address


def test_an_address_that_others_reach_is_not_served_without_a_key(tmp_path: Path) -> None:
    every = "0.0.0.0"  # noqa: S104 - this is about it
    with pytest.raises(SettingsError, match="kb keys create"), served_app(tmp_path, host=every):
        pass
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path)) as base:
        soon = datetime.now(UTC) + timedelta(seconds=0.2)
        base.keys.create("old", scopes=["read"], expires_at=soon)
        time.sleep(0.25)
        with (
            pytest.raises(SettingsError, match="kb keys create"),
            prepared(base, host=every, port=0, announce=lambda _: None),
        ):
            pass  # nobody has a key that works
        _, token = base.keys.create("bot", scopes=["read"])
    with served_app(tmp_path, host=every) as served:
        assert ask(served, key=token).status_code == 200
        for name in ("bot", "old"):
            served.base.keys.revoke(name)
        assert ask(served).status_code == 401


@pytest.mark.parametrize(
    "path", ["/health", "/v1/models", "/v1/search", "/openapi.json", "/nowhere"]
)
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8600", "192.0.2.7", "[::2]", ""])
def test_without_a_key_no_route_answers_under_another_name(
    served: ServedApp, path: str, host: str
) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        answer = ask(served, path, method=method, headers={"Host": host})
        assert answer.status_code == 403, (method, answer.text)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example", 403),
        ("http://localhost:3000", 403),
        ("http://127.0.0.1", 403),
        ("null", 403),
        ("", 403),
        ("https://chat.example", 200),
        ("https://CHAT.example", 200),
        ("http://chat.example", 403),
        ("https://chat.example:8443", 403),
        ("https://chat.example.evil.example", 403),
    ],
)
def test_a_page_of_another_site_gets_in_with_a_key_or_where_its_origin_is_named(
    served: ServedApp, origin: str, status: int
) -> None:
    headers = {"Origin": origin}
    assert ask(served, headers=headers).status_code == status
    search = ask(served, "/v1/search", method="POST", headers=headers, json={"query": "x"})
    assert (search.status_code == 403) == (status == 403)
    assert ask(served, "/put", method="PUT", headers=headers, content=b"x").status_code == status
    assert ask(served, "/health", headers=headers).status_code == status
    _, token = served.base.keys.create("bot", scopes=["read"])
    assert ask(served, key=token, headers=headers).status_code == 200


def test_our_own_pages_are_no_other_site(served: ServedApp) -> None:
    assert ask(served, headers={"Origin": served.url}).status_code == 200


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("cross-site", "no-cors", 403),
        ("same-site", "no-cors", 403),
        ("cross-site", "navigate", 200),
        ("same-origin", "no-cors", 200),
        ("none", "navigate", 200),
    ],
)
def test_what_a_page_of_another_site_embeds_is_refused_and_links_are_followed(
    served: ServedApp, site: str, mode: str, status: int
) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
    assert ask(served, headers=headers).status_code == status


@pytest.mark.parametrize(
    "origin", ["chat.example", "ftp://chat.example", "https://", "https://a/b", "*"]
)
def test_an_origin_that_browsers_never_send_is_refused_at_the_start(
    tmp_path: Path, origin: str
) -> None:
    with pytest.raises(SettingsError, match="is no origin"), served_app(tmp_path, origins=[origin]):
        pass


def test_each_key_has_a_rate_and_is_told_when_to_come_back(tmp_path: Path) -> None:
    with served_app(tmp_path, limits=Limits(rate=3)) as served:
        assert [ask(served).status_code for _ in range(5)] == [200] * 5  # nobody's
        _, slow = served.base.keys.create("slow", scopes=["read"], rate=2)
        _, other = served.base.keys.create("other", scopes=["read"])
        assert [ask(served, key=slow).status_code for _ in range(3)] == [200, 200, 429]
        assert [ask(served, key=other).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = ask(served, "/nowhere", key=slow)
        assert code(refused) == (429, "rate_limited")
        assert 20 < int(refused.headers["Retry-After"]) <= 30
        assert ask(served, "/health", key=slow).status_code == 200


def test_strangers_are_not_told_what_there_is(served: ServedApp) -> None:
    served.base.keys.create("bot", scopes=["read"])
    for path, method in (("/nowhere", "GET"), ("/v1/search", "GET"), ("/v1/models", "DELETE")):
        assert ask(served, path, method=method).status_code == 401


def test_the_description_says_whether_a_key_is_needed(served: ServedApp) -> None:
    def security() -> object:
        return ask(served, "/openapi.json", key=token).json()["paths"]["/v1/models"]["get"][
            "security"
        ]

    token = ""
    assert security() == [{}, {"key": []}]
    _, token = served.base.keys.create("bot", scopes=["embed"])
    assert security() == [{"key": []}]
