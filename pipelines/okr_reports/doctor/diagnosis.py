"""What `okr doctor` says of one thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """One thing looked at; `fault` means that a person must act before a refresh can be trusted."""

    subject: str
    text: str
    fault: bool = False
