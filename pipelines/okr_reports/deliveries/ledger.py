"""Which digest went to whom: `<data>/deliveries/ledger.json`, so that each goes once per team, week and recipient.

A recipient is written down after the server has taken the mail. A process killed between the two sends that mail
again on the next run, with the same Message-ID: a digest seen twice is a smaller harm than one never seen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from okr_reports.errors import DeliveryError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f".{path.name}.building")
    with building.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    building.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Ledger:
    """The deliveries that were made. Open it with `open_ledger`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._sent: dict[str, dict[str, dict[str, str]]] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._sent = {}
        except (OSError, ValueError) as error:
            raise DeliveryError(
                f"{path}: what was sent cannot be read ({error}), so nothing is sent; fix the file, or remove it to "
                "send this week's digests again"
            ) from None

    def pending(self, week: str, team: str, recipients: Sequence[str]) -> list[str]:
        """Those of `recipients` who have not got this team's digest of this week, each once."""
        got = self._sent.get(week, {}).get(team, {})
        return [recipient for recipient in dict.fromkeys(recipients) if recipient not in got]

    def entries(self, week: str) -> Mapping[str, Mapping[str, str]]:
        """Who got what of this week, and when."""
        return self._sent.get(week, {})

    def record(self, week: str, team: str, recipients: Sequence[str], at: str) -> None:
        """Write down that these have got it, at this moment (ISO 8601)."""
        if not recipients:
            return
        got = self._sent.setdefault(week, {}).setdefault(team, {})
        got.update(dict.fromkeys(recipients, at))
        write_whole(self.path, json.dumps(self._sent, indent=1, sort_keys=True, ensure_ascii=False).encode())


@contextmanager
def open_ledger(folder: Path, wait_seconds: float = 0.0) -> Iterator[Ledger]:
    """The ledger in `folder`, held by one process at a time.

    Raises DeliveryError while another one holds it, after waiting so long for it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "ledger.lock")
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise DeliveryError(f"another process is sending ({folder}); wait for it to end") from None
    try:
        yield Ledger(folder / "ledger.json")
    finally:
        lock.release()
