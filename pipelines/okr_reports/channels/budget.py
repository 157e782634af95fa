"""What one channel may use of a refresh: time, waiting, memory. Past it the channel ends, and the others go on."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from okr_reports.errors import BudgetError

# A Python object of a parsed answer, with its place in a list or dictionary.
_BYTES_A_VALUE = 90


@dataclass
class Budget:
    """One channel's, shared by its threads.

    `seconds` of wall-clock from its making; `waiting` seconds of that for vendors' limits; `memory` bytes of answers
    that are held at once, as an estimate from their text.
    """

    channel: str = ""
    seconds: float = 3600.0
    waiting: float = 300.0
    memory: int = 2048 << 20
    _began: float = field(default_factory=time.monotonic)
    _waited: float = 0.0
    _held: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def left(self) -> float:
        """Seconds until its time is over. Raises BudgetError then."""
        left = self._began + self.seconds - time.monotonic()
        if left <= 0:
            raise BudgetError(
                self.channel,
                f"has used its {self.seconds / 60:g} minutes",
                "what was loaded stays, the next refresh goes on from there; or raise "
                f"budget_minutes under [sources.{self.channel}]",
            )
        return left

    def may_wait(self, seconds: float) -> bool:
        """Whether so long a wait is still within the budget; it then counts."""
        with self._lock:
            if self._waited + seconds > self.waiting or seconds > self.left():
                return False
            self._waited += seconds
            return True

    def hold(self, text: bytes) -> None:
        """Count an answer that is about to be parsed and kept. Raises BudgetError before it is too much."""
        values = text.count(b",") + text.count(b"[") + text.count(b"{") + 1
        self._hold(len(text), values * _BYTES_A_VALUE)

    def hold_values(self, count: int) -> None:
        """As `hold`, of values that a database gives."""
        self._hold(count * _BYTES_A_VALUE, 0)

    def _hold(self, kept: int, passing: int) -> None:
        with self._lock:
            self._held += kept
            needed = self._held + passing
        if needed > self.memory:
            raise BudgetError(
                self.channel,
                f"answers with more than its {self.memory >> 20:,} MB of memory hold",
                "nothing of this slice was loaded; load shorter windows (--from, --to), or raise "
                f"budget_mb under [sources.{self.channel}]",
            )

    def let_go(self) -> None:
        """What was held is landed now."""
        with self._lock:
            self._held = 0
