"""Chroma in a folder and on a server: what others see, and what a server's faults do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import chromadb  # noqa: TID251 - the outside client
import pytest
from chroma_server import ChromaProcess
from faulty_proxy import Answer, FaultyProxy, faulty_proxy
from vector_process import DIM, opened, records, vectors

from kb.errors import StoreError, VectorServerError, VectorServerUnavailableError
from kb.vectors.base import VectorFilter, VectorStore
from kb.vectors.chroma.reading import UNCOUNTED

KEY = "s3cret-of-the-tests"
DESCRIBED = {"source": "1.txt", "document_id": 0, "language": "en"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaProcess]:
    process = ChromaProcess(tmp_path_factory.mktemp("chroma"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def proxy(server: ChromaProcess) -> Iterator[FaultyProxy]:
    with faulty_proxy(server.port) as found:
        yield found


@pytest.fixture
def database(tmp_path: Path) -> str:
    return tmp_path.name


@pytest.fixture
def store(proxy: FaultyProxy, database: str, tmp_path: Path) -> Iterator[VectorStore]:
    """A store behind the proxy that holds ten vectors, and waits for two seconds."""
    found = opened(f"{proxy.address}?database={database}", tmp_path, timeout_s=2.0)
    found.create("col", DIM)
    found.upsert("col", records(0, 10), vectors(0, 10))
    yield found
    found.close()


@contextmanager
def outside_client(port: int, database: str) -> Iterator[chromadb.api.ClientAPI]:
    client = chromadb.HttpClient("127.0.0.1", port, database=database)
    try:
        yield client
    finally:
        for each in (client, client._admin_client):
            each._server._session.close()  # which closing the client does not
        client.close()


def test_an_outside_client_of_the_folder_sees_id_text_and_metadata(tmp_path: Path) -> None:
    store = opened("chroma", tmp_path)
    store.create("col", DIM)
    store.upsert("col", records(0, 2), vectors(0, 2))
    store.close()
    client = chromadb.PersistentClient(str(tmp_path / "chroma"))
    found = client.get_collection("col", embedding_function=None).get(ids=["1"])
    assert (found["documents"], found["metadatas"]) == (["文本 1"], [DESCRIBED])
    client.close()


def test_an_outside_client_of_the_server_sees_id_text_and_metadata(
    store: VectorStore, server: ChromaProcess, database: str
) -> None:
    assert store.count("col") == 10
    with outside_client(server.port, database) as client:
        found = client.get_collection("col", embedding_function=None).get(ids=["1"])
    assert (found["documents"], found["metadatas"]) == (["文本 1"], [DESCRIBED])


def test_two_handles_on_a_folder_share_one_client(tmp_path: Path) -> None:
    first, second = opened("chroma", tmp_path), opened("chroma", tmp_path)
    first.create("col", DIM)
    first.close()
    second.upsert("col", records(0, 1), vectors(0, 1))
    assert second.count("col") == 1
    second.close()


def test_a_folder_of_an_earlier_release_says_no_width_and_chroma_refuses_another(
    tmp_path: Path,
) -> None:
    client = chromadb.PersistentClient(str(tmp_path / "chroma"))
    made = client.create_collection("col", embedding_function=None)
    made.add(ids=["1"], embeddings=vectors(1, 2))
    client.close()
    store = opened("chroma", tmp_path)
    store.create("col", DIM)
    assert store.query("col", vectors(1, 2)[0], 1)[0][0] == 1
    with pytest.raises(StoreError, match=r"16.*8"):
        store.upsert("col", records(2, 3), vectors(2, 3)[:, :8].copy())
    store.close()


def test_tenants_and_databases_are_made_and_do_not_mix(
    server: ChromaProcess, tmp_path: Path
) -> None:
    places = (
        "tenant=one&database=aaa",
        "tenant=one&database=bbb",
        "tenant=two%20%C3%A4&database=aaa",
    )
    stores = [opened(f"{server.address}?{place}", tmp_path) for place in places]
    for number, each in enumerate(stores, start=1):
        each.create("col", DIM)
        each.upsert("col", records(0, number), vectors(0, number))
    assert [each.count("col") for each in stores] == [1, 2, 3]
    for each in stores:
        each.drop("col")
        each.close()


@pytest.mark.parametrize("header", ["Authorization", "X-Chroma-Token", "X-Our-Gate"])
def test_a_token_goes_in_the_header_of_the_users_choice_and_is_never_shown(
    proxy: FaultyProxy, database: str, tmp_path: Path, header: str
) -> None:
    wanted = f"Bearer {KEY}" if header == "Authorization" else KEY

    def rule(_method: str, _path: str, headers: dict[str, str]) -> Answer | None:
        given = headers.get(header.lower(), "")
        return None if given == wanted else Answer(403, f"{given} may not".encode())

    proxy.rule = rule
    address = f"{proxy.address}?database={database}"
    with_none = opened(address, tmp_path)
    with pytest.raises(VectorServerError, match="wants a token; set KB_VECTOR_TOKEN"):
        with_none.create("col", DIM)
    with_another = opened(address, tmp_path, token="another", token_header=header)  # noqa: S106
    with pytest.raises(VectorServerError, match="refuses this token") as refused:
        with_another.create("col", DIM)
    assert "another" not in str(refused.value).replace("another header", "")
    with_it = opened(address, tmp_path, token=KEY, token_header=header)
    with_it.create("col", DIM)
    assert with_it.count("col") == 0
    for each in (with_none, with_another, with_it):
        each.close()


def test_a_server_that_is_full_says_so_and_can_still_be_searched(
    store: VectorStore, proxy: FaultyProxy
) -> None:
    proxy.refuse(Answer(507, b"<html>no</html>", {"Content-Type": "text/html"}), path="/upsert")
    with pytest.raises(VectorServerError, match=r"507.*is full.*make room there"):
        store.upsert("col", records(10, 20), vectors(10, 20))
    assert store.query("col", vectors(3, 4)[0], 1)[0][0] == 3
    proxy.refuse(Answer(500, b'{"error":"InternalError","message":"disk I/O: No space left"}'))
    with pytest.raises(VectorServerError, match="is full"):
        store.upsert("col", records(10, 20), vectors(10, 20))


def test_a_server_that_is_away_for_a_moment_is_waited_for(
    store: VectorStore, proxy: FaultyProxy
) -> None:
    for status in (502, 503, 504, 429):
        proxy.refuse(Answer(status), Answer(status), path="/upsert")
        store.upsert("col", records(10, 20), vectors(10, 20))
        proxy.refuse(Answer(status), path="/query")
        assert store.query("col", vectors(13, 14)[0], 1)[0][0] == 13


def test_a_server_is_left_alone_for_as_long_as_it_asks(
    store: VectorStore, proxy: FaultyProxy
) -> None:
    proxy.refuse(Answer(503, headers={"Retry-After": "1"}), path="/upsert")
    started = time.monotonic()
    store.upsert("col", records(10, 20), vectors(10, 20))
    assert time.monotonic() - started >= 1
    proxy.refuse(Answer(503, headers={"Retry-After": "3600"}), path="/upsert")
    with pytest.raises(VectorServerUnavailableError, match=r"503.*run the same command again"):
        store.upsert("col", records(10, 20), vectors(10, 20))


def test_a_server_that_stays_away_is_an_error_that_says_what_to_do(
    store: VectorStore, proxy: FaultyProxy
) -> None:
    proxy.rule = lambda _method, _path, _headers: Answer(503)
    for call in (
        lambda: store.upsert("col", records(10, 20), vectors(10, 20)),
        lambda: store.query("col", vectors(1, 2)[0], 1),
    ):
        with pytest.raises(VectorServerUnavailableError, match=r"503.*Is it running.*start it"):
            call()


def test_a_slow_server_is_waited_for_and_a_silent_one_is_not(
    store: VectorStore, proxy: FaultyProxy
) -> None:
    proxy.delay_s = 0.5
    assert store.query("col", vectors(3, 4)[0], 1)[0][0] == 3
    proxy.delay_s = 4
    with pytest.raises(VectorServerUnavailableError, match="no answer in time"):
        store.query("col", vectors(3, 4)[0], 1)
    with pytest.raises(VectorServerUnavailableError, match="no answer in time"):
        store.upsert("col", records(10, 20), vectors(10, 20))


def test_a_server_of_another_version_is_refused(
    proxy: FaultyProxy, database: str, tmp_path: Path
) -> None:
    for answer, said in (
        (Answer(200, b'"0.6.3"'), r"version 0\.6\.3; this release works with Chroma 1"),
        (Answer(404, b"{}"), "does not speak Chroma's API of version 2"),
        (Answer(200, b"<html>"), "something else than JSON; check `vector_store`"),
    ):
        proxy.rule = lambda _method, path, _headers, a=answer: a if "version" in path else None
        store = opened(f"{proxy.address}?database={database}", tmp_path)
        with pytest.raises(VectorServerError, match=said):
            store.create("col", DIM)
        store.close()


def test_another_version_after_a_restart_is_refused(store: VectorStore, proxy: FaultyProxy) -> None:
    left = [Answer(503)]

    def rule(_method: str, path: str, _headers: dict[str, str]) -> Answer | None:
        if left:
            return left.pop()
        return Answer(200, b'"2.0.0"') if path.endswith("/version") else None

    proxy.rule = rule
    with pytest.raises(VectorServerError, match=r"version 2\.0\.0"):
        store.upsert("col", records(10, 20), vectors(10, 20))


def test_a_request_that_is_too_large_for_a_proxy_is_divided(
    store: VectorStore, proxy: FaultyProxy
) -> None:
    def rule(_method: str, path: str, headers: dict[str, str]) -> Answer | None:
        too_large = path.endswith("/upsert") and int(headers["content-length"]) > 4000
        return Answer(413) if too_large else None

    proxy.rule = rule
    store.upsert("col", records(10, 300), vectors(10, 300))
    assert store.ids("col") == set(range(300))
    proxy.rule = lambda _method, path, _headers: Answer(413) if "upsert" in path else None
    with pytest.raises(StoreError, match="413"):
        store.upsert("col", records(10, 20), vectors(10, 20))


def test_what_a_server_is_not_asked_again_for_is_sent_once(
    store: VectorStore, proxy: FaultyProxy
) -> None:
    proxy.refuse(Answer(500, b'{"error":"InternalError","message":"odd"}'), path="/upsert")
    proxy.asked.clear()
    with pytest.raises(VectorServerError, match='500: "odd"; the request was not repeated'):
        store.upsert("col", records(10, 20), vectors(10, 20))
    assert [asked for asked in proxy.asked if "upsert" in asked] == [proxy.asked[0]]


def test_a_collection_that_was_made_again_elsewhere_is_found_again(
    store: VectorStore, server: ChromaProcess, database: str
) -> None:
    with outside_client(server.port, database) as client:
        client.delete_collection("col")
        with pytest.raises(StoreError, match="no collection col"):
            store.count("col")
        client.create_collection("col", embedding_function=None)
        assert store.count("col") == 0


@pytest.mark.slow
def test_a_restart_in_the_middle_of_writing_loses_nothing(tmp_path: Path) -> None:
    process = ChromaProcess(tmp_path / "server")
    process.start()
    store = opened(process.address, tmp_path / "store", timeout_s=60.0)
    store.create("col", DIM)
    done: list[int] = []
    problems: list[BaseException] = []

    def write(first: int) -> None:
        try:
            for at in range(first, first + 1000, 20):
                store.upsert("col", records(at, at + 20), vectors(at, at + 20))
                done.append(at)
        except BaseException as error:  # noqa: BLE001 - told below
            problems.append(error)

    threads = [threading.Thread(target=write, args=(1000 * n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        so_far = len(done)
        while len(done) < so_far + 10 and any(thread.is_alive() for thread in threads):
            time.sleep(0.01)
        process.stop()
        time.sleep(0.5)
        process.start()
    for thread in threads:
        thread.join()
    try:
        assert problems == []
        assert store.ids("col") == set(range(3000))
        found = store.query("col", vectors(2345, 2346)[0], 1)
        assert found[0][0] == 2345
        where = VectorFilter(chunks=tuple(range(400, 1500)))
        assert store.query("col", vectors(777, 778)[0], 1, where)[0][0] == 777
    finally:
        store.close()
        process.stop()


def test_an_interruption_ends_the_waiting(proxy: FaultyProxy, tmp_path: Path) -> None:
    interrupted = threading.Event()
    proxy.rule = lambda _method, _path, _headers: Answer(503)
    store = opened(proxy.address, tmp_path, timeout_s=600.0, interrupted=interrupted)
    threading.Timer(0.5, interrupted.set).start()
    with pytest.raises(KeyboardInterrupt):
        store.create("col", DIM)
    store.close()


def test_credentials_in_an_address_are_refused_and_not_repeated(tmp_path: Path) -> None:
    from kb.errors import SettingsError  # noqa: PLC0415 - of this test alone

    with pytest.raises(SettingsError, match="KB_VECTOR_TOKEN") as refused:
        opened(f"http://user:{KEY}@localhost:8000", tmp_path)
    assert KEY not in str(refused.value)
    for wrong in ("nosuchstore://localhost:1", "chrome", "http://", "http://host:port", ""):
        with pytest.raises(SettingsError, match="vector_store"):
            opened(wrong, tmp_path)


@pytest.mark.parametrize("limit", [66, UNCOUNTED, UNCOUNTED + 1, 2**40])
def test_a_folder_gives_all_that_there_are_however_many_are_asked_for(
    tmp_path: Path, limit: int
) -> None:
    store = opened("chroma", tmp_path)
    store.create("col", DIM)
    asked = vectors(0, 1)[0]
    found = [store.query("col", asked, limit)]
    store.upsert("col", records(0, 50), vectors(0, 50))
    found.append(store.query("col", asked, limit))
    store.delete("col", range(40))
    found.append(store.query("col", asked, limit))
    store.delete("col", range(50))
    found.append(store.query("col", asked, limit))
    store.close()
    assert [sorted(item for item, _ in each) for each in found] == [
        [],
        list(range(50)),
        list(range(40, 50)),
        [],
    ]
