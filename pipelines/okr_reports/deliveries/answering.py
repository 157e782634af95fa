"""Asking a store that may fail or fall silent: attempts, a limit of silence, and words when it is over.

The libraries of stores retry and wait for minutes by themselves, and nothing in Python stops a call that hangs. So each
call runs in a thread that nobody waits for at the end; what is waited for is its answer, and not for ever.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

from okr_reports.errors import DeliveryError

# A store answers a request in 20-100 ms whatever its size: 200 files one after the other would take up to 20 s.
WRITERS = 8
# Seconds before the second and the third attempt.
BACKOFF = (0.5, 3.0)
# Between two lines in the log on how far a long copy is.
SAY_EVERY_SECONDS = 10.0
Given = TypeVar("Given")
Answer = TypeVar("Answer")
logger = logging.getLogger("okr")


@dataclass(frozen=True)
class Answering:
    """How long the place called `name` may be silent before it is given up."""

    name: str
    silence_seconds: float

    def answer(self, ask: Callable[[], Answer]) -> Answer:
        """The answer of one call. Raises what its last attempt raises, or DeliveryError if none comes."""
        (answer,) = self.all(lambda _: ask(), [None])
        return answer

    def all(
        self, ask: Callable[[Given], Answer], given: Sequence[Given], *, already: int = 0, total: int = 0
    ) -> Iterator[Answer]:
        """The answers to `ask` of each given thing, as they come, several at a time; errors as `answer` raises them.

        `already` of `total` were there before, for the words of an error.
        """
        waiting: SimpleQueue[Given] = SimpleQueue()
        answers: SimpleQueue[tuple[Answer] | Exception] = SimpleQueue()
        refusals: list[Exception] = []
        for thing in given:
            waiting.put(thing)
        for _ in range(min(WRITERS, len(given))):
            Thread(target=_work, args=(ask, waiting, answers, refusals), daemon=True, name="okr-store").start()
        said = time.monotonic()
        for done in range(already, already + len(given)):
            try:
                answer = answers.get(timeout=self.silence_seconds)
            except Empty:
                _drop(waiting)
                raise DeliveryError(
                    f"{self._so_far(done, total)}it has {_how_it_failed(refusals)} for {self.silence_seconds:g} s"
                    f" (timeout_seconds); publish again when it does{', the copy goes on from there' if total else ''}"
                ) from None
            if isinstance(answer, Exception):
                _drop(waiting)
                if total:
                    logger.warning(
                        "%s: %s; the next copy goes on from there", self.name, self._so_far(done, total)[:-2]
                    )
                raise answer
            if total and time.monotonic() - said > SAY_EVERY_SECONDS:
                said = time.monotonic()
                logger.info("%s: %d of %d files", self.name, done + 1, total)
            refusals.clear()
            yield answer[0]

    def _so_far(self, done: int, total: int) -> str:
        return f"{done} of {total} files are there, " if total else ""


def _how_it_failed(refusals: Sequence[Exception]) -> str:
    """A store that refuses everything for a while does answer, and its last words say why."""
    if not refusals:
        return "not answered"
    return f"done nothing but refuse ({type(refusals[-1]).__name__}: {refusals[-1]})"


def _work(
    ask: Callable[[Given], Answer],
    waiting: SimpleQueue[Given],
    answers: SimpleQueue[tuple[Answer] | Exception],
    refusals: list[Exception],
) -> None:
    while True:
        try:
            thing = waiting.get_nowait()
        except Empty:
            return
        try:
            answers.put((_attempts(ask, thing, refusals),))
        except Exception as error:
            answers.put(error)
            return


def _attempts(ask: Callable[[Given], Answer], thing: Given, refusals: list[Exception]) -> Answer:
    """Again after what may pass: a dropped connection, a server that is overrun. What is refused is refused."""
    for pause in BACKOFF:
        try:
            return ask(thing)
        except (DeliveryError, FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError):
            raise
        except Exception as error:  # each store's library raises its own kinds
            refusals.append(error)
            time.sleep(pause)
    return ask(thing)


def _drop(waiting: SimpleQueue[Given]) -> None:
    """Take away what no thread has begun."""
    try:
        while True:
            waiting.get_nowait()
    except Empty:
        return
