"""A knowledge base whose vectors are elsewhere: on a Chroma server, or compared one by one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chroma_server import ChromaProcess
from faulty_proxy import Answer, FaultyProxy, faulty_proxy
from hashing_embedder import HashingEmbedder
from neighbour import Neighbour

from ingest import IngestOptions, ingest
from kb import KnowledgeBase, SearchFilter, Settings
from kb.catalog.connections import Connections
from kb.embedding.base import Vector
from kb.errors import SettingsError, StoreBusyError, StoreError, VectorServerUnavailableError
from kb.store.store import Store
from kb.vectors.address import Address
from kb.vectors.base import VectorFilter
from kb.vectors.chroma.wire import Wire

FILES = 60


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
def settings(server: ChromaProcess, tmp_path: Path) -> Settings:
    return on(server.address, tmp_path)


def on(address: str, tmp_path: Path, **more: object) -> Settings:
    return Settings.load(
        data_dir=tmp_path / "data",
        vector_store=address,
        vector_database=f"db-{tmp_path.name[-40:]}" if "://" in address else None,
        workers=1,
        **more,
    )


def opened(settings: Settings) -> KnowledgeBase:
    return KnowledgeBase.open(settings, embedder=HashingEmbedder())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    for number in range(FILES):
        text = f"Harbour {number} opens at {number} o'clock. " * 40
        (tmp_path / "files" / f"{number}.txt").write_text(text, "utf-8")
    return tmp_path / "files"


def place(base: KnowledgeBase) -> str:
    return base._store.vectors.place_of(base.collection().id)


@contextmanager
def nothing_held_while(
    monkeypatch: pytest.MonkeyPatch, holder: Callable[[], KnowledgeBase | None]
) -> Iterator[list[str]]:
    """Note every request that is sent while its thread holds the lock or a transaction."""
    wrong: list[str] = []
    held = threading.local()
    once = Wire._once

    def counted(name: str) -> None:
        real = getattr(Connections, name)

        @contextmanager
        def inside(self: Connections) -> Iterator[object]:
            held.depth = getattr(held, "depth", 0) + 1
            try:
                with real(self) as connection:
                    yield connection
            finally:
                held.depth -= 1

        monkeypatch.setattr(Connections, name, inside)

    def watched(self: Wire, method: str, path: str, body: object, timeout_s: float) -> object:
        base = holder()
        if getattr(held, "depth", 0):
            wrong.append(f"{method} {path} inside a transaction")
        if base is not None and base._store.lock.is_held:
            wrong.append(f"{method} {path} inside the lock")
        return once(self, method, path, body, timeout_s)

    counted("read")
    counted("write")
    monkeypatch.setattr(Wire, "_once", watched)
    yield wrong


def test_all_that_is_done_with_a_collection_is_done_on_a_server_and_nothing_is_held_meanwhile(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[KnowledgeBase] = []
    with nothing_held_while(monkeypatch, lambda: seen[0] if seen else None) as wrong:
        with opened(settings) as base:
            seen.append(base)
            assert ingest(base, [folder]).ok
            assert place(base).startswith(settings.vector_store)
            assert not (settings.store_dir / "chroma").exists()
            assert base.search("harbour 23 opens", mode="dense", top_k=1)[0].source == "23.txt"
            few = base.search("harbour", mode="dense", where=SearchFilter(path="4*.txt"), top_k=20)
            assert {hit.source[0] for hit in few} == {"4"}
            assert len({hit.source for hit in few}) == 11
            assert len(base.search("harbour", diversity=0.5, context=1)) == 8
            (folder / "7.txt").write_text("The mill stands still. " * 20, "utf-8")
            (folder / "8.txt").rename(folder / "moved.txt")
            (folder / "9.txt").unlink()
            assert ingest(base, [folder], options=IngestOptions(prune=True)).ok
            found = base.search("mill stands still", mode="dense", top_k=1)[0]
            assert found.source == "7.txt"
            assert "9.txt" not in {hit.source for hit in base.search("harbour 9", top_k=30)}
            base.remove(found.document_id)
            base.tag([base.documents()[0].id], add=["sea"])
            assert base.overview().points
            base.files.dismiss(base.files.states()[0].source)
            base.create_collection("second")
            base.delete_collection("second")
            assert base.check().ok
            target = base.collection()
            stray = base._store.vectors.ids(target.id)
            base._store.vectors.delete(target.id, sorted(stray)[:5])
            assert not base.check().ok
            assert base.check(repair=True).ok
            base.compact()
            base.export(folder.parent / "all.zip")
        with opened(settings) as base:
            seen[0] = base
            assert base.search("harbour 30 opens", mode="dense", top_k=1)[0].source == "30.txt"
            base.delete_collection("default")
            assert base.check().ok
    assert wrong == []


def test_each_of_several_queries_has_its_own_answer_of_the_server(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []
    query = Store.query

    def watched(
        self: Store,
        collection_id: str,
        vector: Vector,
        limit: int,
        where: VectorFilter | None = None,
    ) -> list[tuple[int, float]]:
        asked.append(vector.tobytes())
        return query(self, collection_id, vector, limit, where)

    monkeypatch.setattr(Store, "query", watched)
    with opened(settings) as base:
        assert ingest(base, [folder]).ok
        assert base.search([f"Harbour {number}" for number in (7, 33, 51)])
    assert len(asked) == len(set(asked)) == 3


def test_several_processes_search_and_write_at_once(settings: Settings) -> None:
    more = {"vector_store": settings.vector_store, "vector_database": settings.vector_database}
    with opened(settings) as here:
        here.add("A word of welcome.", name="welcome")
        others = [Neighbour(settings.data_dir, **more) for _ in range(2)]
        try:
            for number in range(10):
                for name, other in enumerate(others):
                    other.tell(f"put there{name}-{number} Lamp {number} of process {name} burns.")
                here.add(f"Candle {number} of this process burns.", name=f"here{number}")
                for other in others:
                    other.wait()
                found = here.search(f"lamp {number} of process 1 burns", mode="dense", top_k=1)
                assert found[0].source == f"there1-{number}"
        finally:
            for other in others:
                other.close()
        assert len(here.documents()) == 31
        assert here.check().ok


def test_what_another_process_is_storing_is_not_taken_for_leftovers(
    proxy: FaultyProxy, tmp_path: Path
) -> None:
    settings = on(proxy.address, tmp_path)
    more = {"vector_store": settings.vector_store, "vector_database": settings.vector_database}
    with opened(settings) as here:
        here.add("A word of welcome.", name="welcome")
        other = Neighbour(settings.data_dir, **more)
        try:
            proxy.delay_s = 1.5
            other.tell("put slow Slowly goes the snail.")
            time.sleep(0.7)
            proxy.delay_s = 0.0
            assert here._store.recover() == 0
            here.add("Another word.", name="quick")
            here._store.recover()
            other.wait()
        finally:
            other.close()
        assert here.search("slowly goes the snail", mode="dense", top_k=1)[0].source == "slow"
        assert here.check().ok


def test_what_a_process_left_that_died_is_removed(settings: Settings) -> None:
    with opened(settings) as base:
        base.add("A word of welcome.", name="welcome")
        upsert = base._store.vectors.upsert

        def die(*arguments: object) -> None:
            upsert(*arguments)  # type: ignore[arg-type] - handed on as they come
            raise KeyboardInterrupt

        base._store.vectors.upsert = die  # type: ignore[method-assign]
        base._store._sweeper.delete_part = lambda **_: 0  # type: ignore[method-assign] - it is dead
        with pytest.raises(KeyboardInterrupt):
            base.add("Never seen.", name="half")
        target = base.collection()
        assert base._store.vectors.count(target.id) == 2
    with opened(settings) as base:  # the next writer removes it
        base.add("Another word.", name="another")
        assert base._store.vectors.count(target.id) == 2
        assert base.check().ok


def test_a_run_waits_for_a_server_that_starts_again_and_loses_nothing(
    folder: Path, tmp_path: Path
) -> None:
    process = ChromaProcess(tmp_path / "server")
    process.start()
    stored = threading.Event()
    with opened(on(process.address, tmp_path)) as base:

        def watch(event: object) -> None:
            if "Finished" in type(event).__name__ or base.documents():
                stored.set()

        def restart() -> None:
            stored.wait(60)
            process.stop()
            time.sleep(1)
            process.start()

        thread = threading.Thread(target=restart)
        thread.start()
        report = ingest(base, [folder], on_event=watch)
        thread.join()
        assert report.ok
        assert len(base.documents()) == FILES
        assert base.check().ok
        for number in (0, 30, FILES - 1):
            query = f"harbour {number} opens at {number} o'clock"
            assert base.search(query, mode="dense", top_k=1)[0].source == f"{number}.txt"
    process.stop()


def test_while_the_server_is_away_words_are_found_and_the_rest_says_what_to_do(
    proxy: FaultyProxy, tmp_path: Path
) -> None:
    settings = on(proxy.address, tmp_path, vector_timeout_s=1)
    with opened(settings) as base:
        base.add("The ferry leaves at nine.", name="ferry")
        proxy.rule = lambda _method, _path, _headers: Answer(503)
        assert base.search("ferry", mode="keyword")[0].source == "ferry"
        with pytest.raises(VectorServerUnavailableError, match="Is it running"):
            base.search("ferry", mode="dense")
        with pytest.raises(VectorServerUnavailableError, match="run the same command again"):
            base.add("The mill stands still.", name="mill")
        assert [info.name for info in base.documents()] == ["ferry"]
        base.remove(base.documents()[0].id)  # its vectors wait
    with opened(settings) as base:  # it opens all the same
        assert base.documents() == []
        proxy.rule = lambda _method, _path, _headers: None
        base._store.recover()
        assert base._store.vectors.count(base.collection().id) == 0
        assert base.check().ok


def test_a_removal_while_the_server_is_away_is_done_and_its_vectors_go_later(
    proxy: FaultyProxy, tmp_path: Path
) -> None:
    settings = on(proxy.address, tmp_path, vector_timeout_s=1)
    with opened(settings) as base:
        base.add("The ferry leaves at nine.", name="ferry")
        proxy.rule = lambda _method, _path, _headers: Answer(503)
        base.delete_collection("default")
        assert base.collections() == []
        proxy.rule = lambda _method, _path, _headers: None
    with opened(settings) as base:
        base._store.recover()
        with base._store.catalog.reading() as state:
            left = state.dropped_collections()
    assert left == []


def test_exact_is_a_vector_store_like_the_others(tmp_path: Path, folder: Path) -> None:
    settings = on("exact", tmp_path)
    with opened(settings) as base:
        assert ingest(base, [folder]).ok
        neighbour = Neighbour(settings.data_dir, vector_store="exact")
        neighbour.do("put ferry The ferry leaves at nine.")
        neighbour.close()
        assert base.search("ferry leaves", mode="dense", top_k=1)[0].source == "ferry"
        base.remove(next(info.id for info in base.documents() if info.name == "ferry"))
        base.compact()
        assert base.check().ok
    assert not (settings.store_dir / "chroma").exists()
    with opened(settings) as base:
        assert base.search("harbour 30 opens", mode="dense", top_k=1)[0].source == "30.txt"


def test_a_store_that_there_is_not_is_refused_at_once(tmp_path: Path) -> None:
    for wrong in ("nosuchstore://localhost:1", "chrome", "chroma-folder", "http://user:pw@host"):
        with pytest.raises(SettingsError, match="vector"):
            opened(on(wrong, tmp_path))


def first(base: KnowledgeBase) -> list[tuple[str, object]]:
    # Of two passages that say the same, an index that is asked for some may give the other one.
    return [(hits[0][0], pytest.approx(hits[0][1], abs=0.01)) for hits in found(base)[:2]]


def found(base: KnowledgeBase) -> list[list[tuple[str, float]]]:
    queries = ("harbour 23 opens", "at 30 o'clock", "opens")
    return [
        [
            (hit.source, round(hit.score, 4))
            for hit in base.search(query, mode="dense", top_k=20, highlights="none")
        ]
        for query in queries
    ]


def test_a_collection_moves_from_store_to_store_and_stays_what_it_is(
    server: ChromaProcess, tmp_path: Path, folder: Path
) -> None:
    settings = on("chroma", tmp_path)
    with opened(settings) as base:
        assert ingest(base, [folder]).ok
        before, count = found(base), base._store.vectors.count(base.collection().id)
        for to in ("exact", f"{server.address}?database=moving", "chroma"):
            was = base._store.vectors.of(base.collection().id)
            done = base.migrate(to)
            assert (done.vectors, done.copied, done.resumed) == (count, count, 0)
            assert place(base) == done.after == Address(to).text == base.vector_store()
            assert done.difference < 1e-6
            assert [hits[0] for hits in before[:2]] == first(base)
            with pytest.raises(StoreError):
                was.ids(base.collection().id)
            assert base.check().ok
        assert base.migrate("chroma").copied == 0


def test_a_move_goes_on_after_an_interruption_and_another_target_begins_anew(
    server: ChromaProcess, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.store.moving._STEP", 10)
    target = f"{server.address}?database=resumed"
    with opened(on("chroma", tmp_path)) as base:
        ingest(base, [folder])
        before = found(base)
        collection = base.collection()

        def stop(done: int, _total: int) -> None:
            if done >= 50:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            base.migrate("exact", on_progress=stop)
        with pytest.raises(KeyboardInterrupt):
            base.migrate(target, on_progress=stop)
        assert place(base) == "chroma"
        assert not (base.settings.store_dir / "exact" / f"{collection.id}.vectors").exists()
        assert found(base) == before
        done = base.migrate(target)
        assert (done.resumed, done.copied) == (50, done.vectors - 50)
        assert [hits[0] for hits in before[:2]] == first(base)
        assert base.check().ok


def test_what_is_written_while_a_collection_moves_moves_with_it(
    server: ChromaProcess, tmp_path: Path, folder: Path
) -> None:
    with opened(on("chroma", tmp_path)) as base:
        ingest(base, [folder])
        stop = threading.Event()
        problems: list[BaseException] = []
        written: list[str] = []

        def write() -> None:
            number = 0
            while not stop.is_set() and number < 40:
                try:
                    base.add(f"Lamp {number} burns.", name=f"lamp{number}")
                    written.append(f"lamp{number}")
                    if number % 3 == 2:
                        gone = next(i for i in base.documents() if i.name == f"lamp{number - 1}")
                        base.remove(gone.id)
                        written.remove(f"lamp{number - 1}")
                except StoreBusyError:
                    continue
                except BaseException as error:  # noqa: BLE001 - told below
                    problems.append(error)
                    return
                number += 1
                time.sleep(0.05)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            done = base.migrate(f"{server.address}?database=busy")
        finally:
            stop.set()
            thread.join()
        assert problems == []
        assert place(base) == done.after
        names = {info.name for info in base.documents()}
        assert set(written) <= names
        assert len(names) == FILES + len(written)
        assert base.check().ok


def test_a_move_ends_where_the_target_does_not_give_back_what_it_was_given(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(on("chroma", tmp_path)) as base:
        ingest(base, [folder])
        other = base._store.vectors.at("exact")
        real = other.vectors
        monkeypatch.setattr(
            other, "vectors", lambda name, ids: {n: row * 0.5 for n, row in real(name, ids).items()}
        )
        with pytest.raises(StoreError, match="the collection stays where it is"):
            base.migrate("exact")
        assert place(base) == "chroma"
        assert base.check().ok


def test_a_data_folder_of_another_machine_is_refused_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(on("chroma", tmp_path)) as base:
        base.add("A word of welcome.", name="welcome")
    mounts = tmp_path / "mountinfo"
    escaped = str(tmp_path / "data").replace(" ", r"\040")
    for kind, refused in (("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("ext4", False)):
        mounts.write_text(
            "1 0 8:1 / / rw shared:1 - ext4 /dev/root rw\n"
            f"2 1 0:9 / {escaped} rw,relatime - {kind} host:/share rw\n",
            "utf-8",
        )
        monkeypatch.setattr("kb.store.network_disks._MOUNTS", mounts)
        if refused:
            with pytest.raises(StoreError, match=rf"another machine \({kind}\).*kb serve"):
                opened(on("chroma", tmp_path))
        else:
            opened(on("chroma", tmp_path)).close()
