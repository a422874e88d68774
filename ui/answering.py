"""An answer that is being written in the background: no view waits for a chat model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from ingest.mishaps import Mishap, recorded
from kb.answering.answer import Answer, AnswerStream
from kb.errors import KnowledgeBaseError

State = Literal["working", "done", "stopped", "failed"]


class Asked(Protocol):
    """A question of a conversation, and its answer as far as it goes."""

    @property
    def asked(self) -> str:
        """The question as it was typed."""
        ...

    @property
    def state(self) -> State:
        """Whether the answer is being written."""
        ...

    @property
    def so_far(self) -> Answer:
        """What is there of it."""
        ...

    @property
    def error(self) -> str | Mishap:
        """Why it failed."""
        ...

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers of its passages that are gone."""
        ...

    def stop(self) -> None:
        """End it; what was written stays."""
        ...


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer of an earlier conversation."""

    asked: str
    so_far: Answer
    missing: tuple[int, ...] = ()

    @property
    def state(self) -> State:
        """It was written long ago."""
        return "done"

    @property
    def error(self) -> str | Mishap:
        """Nothing went wrong."""
        return ""

    def stop(self) -> None:
        """There is nothing to be ended."""


class RunningAnswer:
    """Takes an answer from the model as it comes; it can be looked at and stopped at any time.

    Args:
        asked: the question as it was typed.
        stream: the answer.
        ended: called in the background when nothing more comes.
    """

    missing: tuple[int, ...] = ()

    def __init__(
        self, asked: str, stream: AnswerStream, *, ended: Callable[[], None] | None = None
    ) -> None:
        self.asked = asked
        self.error: str | Mishap = ""
        self._stream = stream
        self._ended = ended
        self._state: State = "working"
        self._stop = threading.Event()
        # A daemon: a server that hangs does not keep this program from ending.
        self._thread = threading.Thread(target=self._work, name="answer", daemon=True)
        self._thread.start()

    @property
    def state(self) -> State:
        """Whether it is being written; ``stopped`` as soon as :meth:`stop` was called."""
        return "stopped" if self._state == "working" and self._stop.is_set() else self._state

    @property
    def so_far(self) -> Answer:
        """What is there."""
        return self._stream.so_far

    def stop(self) -> None:
        """End it; what was written stays."""
        self._stop.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until nothing more comes; False when the time was not enough."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            for _ in self._stream:
                if self._stop.is_set():
                    break
            self._state = "stopped" if self._stop.is_set() else "done"
        except KnowledgeBaseError as error:
            self.error, self._state = str(error), "failed"
        except Exception as error:  # noqa: BLE001 - a bug must show, not end the thread
            self.error, self._state = recorded("the answer", error), "failed"
        finally:
            self._stream.close()
            if self._ended is not None:
                self._ended()
