"""Work in a thread, told as it goes on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

Event = TypeVar("Event")
_at_work: set[Thread] = set()


def told_meanwhile(work: Callable[[Callable[[Event], None]], None]) -> Generator[Event, None, None]:
    """What `work` tells, while it goes on. Raises what it raises; the work is over when this is."""
    told: SimpleQueue[tuple[Event] | BaseException | None] = SimpleQueue()

    def run() -> None:
        try:
            work(lambda event: told.put((event,)))
        except BaseException as error:
            told.put(error)
        else:
            told.put(None)

    thread = Thread(target=run, name="work")
    _at_work.add(thread)
    thread.start()
    try:
        while (one := told.get()) is not None:
            if isinstance(one, BaseException):
                raise one
            yield one[0]
    finally:
        thread.join()
        _at_work.discard(thread)


def wait_for_all() -> None:
    """Until no such work goes on, also none that nobody listens to any more.

    Dagster raises Ctrl-C between two events too, and keeps the generator it has not closed until the run is over.
    """
    for thread in tuple(_at_work):
        thread.join()
        _at_work.discard(thread)
