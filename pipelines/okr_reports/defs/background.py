"""Work in a thread, and its events as they happen."""

from __future__ import annotations

from collections.abc import Callable, Generator
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

Event = TypeVar("Event")
_at_work: set[Thread] = set()


def events_of(work: Callable[[Callable[[Event], None]], None]) -> Generator[Event, None, None]:
    """The events that `work` reports through the function it is given. Raises what it raises.

    The work is over when the generator is exhausted or raises. Closed before that, the work goes on: a generator may be
    closed by the garbage collector in any thread, also in one that the work itself waits for. `wait_for_all` waits.
    """
    events: SimpleQueue[tuple[Event] | BaseException | None] = SimpleQueue()

    def run() -> None:
        try:
            work(lambda event: events.put((event,)))
        except BaseException as error:
            events.put(error)
        else:
            events.put(None)

    thread = Thread(target=run, name="work")
    _at_work.add(thread)
    thread.start()
    while (event := events.get()) is not None:
        if isinstance(event, BaseException):
            raise event
        yield event[0]


def wait_for_all() -> None:
    """Until no such work goes on, also none whose events nobody reads any more.

    Dagster raises Ctrl-C between two events too, and keeps the generator it has not closed until the run is over.
    """
    for thread in tuple(_at_work):
        thread.join()
        _at_work.discard(thread)
