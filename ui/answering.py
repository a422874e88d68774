"""An answer that is being written in the background: no view waits for a chat model."""

from __future__ import annotations

import threading
from typing import Literal

from ingest.mishaps import Mishap, recorded
from kb.answering.answer import Answer, AnswerStream
from kb.errors import KnowledgeBaseError

State = Literal["working", "done", "stopped", "failed"]


class RunningAnswer:
    """Takes an answer from the model as it comes; it can be looked at and stopped at any time.

    Args:
        asked: the question as it was typed.
        stream: the answer.
    """

    def __init__(self, asked: str, stream: AnswerStream) -> None:
        self.asked = asked
        self.error: str | Mishap = ""
        self._stream = stream
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
