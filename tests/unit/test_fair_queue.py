"""Turns: clients alternate, and so do the requests of one client."""

from __future__ import annotations

import pytest

from kb.server.errors import RefusalError
from kb.server.queueing.clients import asking, client_name, present_client
from kb.server.queueing.fair import FairQueue
from kb.server.queueing.room import Load, Room


class Request:
    sort = None

    def __init__(self, client: str, name: str, turns: int = 1) -> None:
        self.client = client
        self.name = name
        self.turns = turns


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def order(*requests: Request) -> str:
    queue: FairQueue[Request] = FairQueue()
    for request in requests:
        queue.put(request)
    return turns(queue)


def turns(queue: FairQueue[Request]) -> str:
    names = []
    while (request := queue.first()) is not None:
        request.turns -= 1
        names.append(request.name)
        queue.took_turn(request)
    assert not queue
    return " ".join(names)


def test_requests_of_one_client_are_served_as_they_came() -> None:
    assert order(*(Request("a", str(number)) for number in range(5))) == "0 1 2 3 4"


def test_clients_alternate_however_many_requests_one_has() -> None:
    many = [Request("busy", f"b{number}") for number in range(4)]
    assert order(*many, Request("other", "o"), Request("third", "t")) == "b0 o t b1 b2 b3"


def test_a_short_request_passes_the_long_one_of_its_own_client() -> None:
    assert order(Request("a", "long", 5), Request("a", "short")) == "long short long long long long"


def test_one_who_comes_later_has_the_next_turn_but_one() -> None:
    queue: FairQueue[Request] = FairQueue()
    queue.put(Request("busy", "b", 1000))
    for _ in range(3):
        request = queue.first()
        assert request is not None
        request.turns -= 1
        queue.took_turn(request)
    queue.put(Request("new", "n"))
    assert turns(queue).split()[:3] == ["b", "n", "b"]


def test_who_is_taken_out_has_no_turn_and_leaves_no_gap() -> None:
    queue: FairQueue[Request] = FairQueue()
    gone, stays = Request("a", "gone"), Request("a", "stays")
    for request in (gone, stays, Request("b", "other")):
        queue.put(request)
    queue.remove(gone)
    queue.remove(gone)
    assert turns(queue) == "stays other"


def test_a_client_is_its_key_and_without_one_its_address() -> None:
    assert client_name("open-webui", "10.0.0.1") == client_name("open-webui", "10.0.0.2")
    assert client_name("", "10.0.0.1") != client_name("", "10.0.0.2")
    assert client_name("10.0.0.1", "") != client_name("", "10.0.0.1")
    with asking("somebody"):
        assert present_client() == "somebody"
    assert present_client() == ""


def test_there_is_room_up_to_the_bound_and_again_after_something_was_done() -> None:
    room = Room("texts", Load(8, 100))
    room.enter("a", Load(4, 10))
    room.enter("b", Load(1, 10))
    room.enter("b", Load(1, 10))
    with pytest.raises(RefusalError) as refused:
        room.enter("c", Load(3, 10))
    assert refused.value.status == 429
    assert refused.value.code == "too_many_requests"
    room.leave("a", Load(1, 2))
    room.enter("c", Load(3, 10))
    assert room.waiting == Load(8, 38)


def test_there_is_no_room_for_too_many_bytes() -> None:
    room = Room("texts", Load(100, 1000))
    room.enter("a", Load(1, 700))
    with pytest.raises(RefusalError):
        room.enter("b", Load(1, 400))
    room.enter("b", Load(1, 300))


def test_one_client_leaves_room_for_another() -> None:
    room = Room("texts", Load(4096, 1 << 30))
    for _ in range(3072):
        room.enter("greedy", Load(1, 10))
    with pytest.raises(RefusalError, match=r"3,072 of them yours"):
        room.enter("greedy", Load(1, 10))
    for _ in range(500):
        room.enter("other", Load(1, 10))


def test_what_is_larger_than_the_bound_is_let_in_alone() -> None:
    room = Room("texts", Load(10, 1000))
    room.enter("a", Load(2048, 50_000))
    with pytest.raises(RefusalError):
        room.enter("a", Load(1, 1))
    room.leave("a", Load(2048, 50_000))
    room.enter("a", Load(1, 1))


@pytest.mark.parametrize(("each_s", "after"), [(0.5, 10), (0.05, 1), (20.0, 400)])
def test_who_is_refused_is_told_when_there_will_be_room(each_s: float, after: int) -> None:
    clock = Clock()
    room = Room("texts", Load(100, 1 << 30), clock=clock)
    for number in range(100):
        room.enter(str(number), Load(1, 10))
    for number in range(40):
        clock.now += each_s
        room.leave(str(number), Load(1, 10))
    with pytest.raises(RefusalError, match=f"try again in {after} s") as refused:
        room.enter("late", Load(60, 10))
    # 60 wait, 40 places are free: 20 must be done.
    assert refused.value.headers["Retry-After"] == str(after)


def test_the_time_to_wait_follows_bytes_where_they_are_what_is_short() -> None:
    clock = Clock()
    room = Room("texts", Load(1000, 1000), clock=clock)
    for number in range(10):
        room.enter(str(number), Load(1, 100))
    clock.now += 5
    room.leave("0", Load(1, 100))
    with pytest.raises(RefusalError) as refused:
        room.enter("late", Load(1, 500))
    assert refused.value.headers["Retry-After"] == "20"  # 400 bytes at 20 a second


def test_idle_time_is_not_counted_as_slowness() -> None:
    clock = Clock()
    room = Room("texts", Load(10, 1 << 30), clock=clock)
    for _ in range(3):
        room.enter("a", Load(1, 10))
        clock.now += 1
        room.leave("a", Load(1, 10))
        clock.now += 3000
    for number in range(10):
        room.enter(str(number), Load(1, 10))
    with pytest.raises(RefusalError) as refused:
        room.enter("late", Load(2, 10))
    assert refused.value.headers["Retry-After"] == "2"


def test_what_was_given_up_makes_room_and_says_nothing_of_speed() -> None:
    clock = Clock()
    room = Room("texts", Load(10, 1 << 30), clock=clock)
    for number in range(10):
        room.enter(str(number), Load(1, 10))
    clock.now += 4
    room.leave("0", Load(1, 10))
    for number in range(1, 10):
        room.leave(str(number), Load(1, 10), done=False)
    assert room.waiting == Load(0, 0)
    room.enter("a", Load(10, 10))
    with pytest.raises(RefusalError) as refused:
        room.enter("b", Load(1, 10))
    assert refused.value.headers["Retry-After"] == "4"
