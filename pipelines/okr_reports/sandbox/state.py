"""What can be set of a running sandbox: the day it is, who is refused, what breaks. Tests set it over /_sandbox."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from okr_reports.sandbox.company import Company, Figures

WORD = "sandbox"


@dataclass
class SandboxState:
    """Shared by all channels of one server.

    denied: account ids answered with 403. unscoped: channels whose credentials were made without the permission
    they need. outage: channel to the HTTP status of everything. erased: (channel, account,
    day) without data, as if the vendor had withdrawn it. drift: channel to {field: value} put over every fact; the
    value {"renamed": name} renames the field, {"renamed": None} takes it away. words: what is accepted as a credential.
    faults: share of requests that break. jobs: channel to how its report jobs go: {"outcome": "failed" or "never",
    "times": the first n jobs, "longer_than": days, "more_than": campaigns}; TikTok, which has no jobs, calls what would
    fail too large. expire_at: channel to the numbers of the requests whose token expires as they arrive. more: channel
    to what only some accounts have: `metadata` of GA4's reports, `sites` of Search Console within the domain,
    `automations` of Mailchimp, `rules` of LinkedIn by account, `described` of Meta's accounts by id.
    requests: the last that came, as (method, path, query, body).
    """

    seed: int
    today: date
    faults: float = 0.0
    denied: set[str] = field(default_factory=set)
    unscoped: set[str] = field(default_factory=set)
    outage: dict[str, int] = field(default_factory=dict)
    erased: set[tuple[str, str, date]] = field(default_factory=set)
    drift: dict[str, dict[str, Any]] = field(default_factory=dict)
    words: set[str] = field(default_factory=lambda: {WORD})
    throttled: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    more: dict[str, dict[str, Any]] = field(default_factory=dict)
    page_size: int = 10
    counts: Counter[str] = field(default_factory=Counter)
    request_counts: Counter[str] = field(default_factory=Counter)
    expire_at: dict[str, list[int]] = field(default_factory=dict)
    faults_done: Counter[str] = field(default_factory=Counter)
    expired: set[tuple[str, str]] = field(default_factory=set)
    requests: deque[tuple[str, str, bytes, bytes]] = field(default_factory=lambda: deque(maxlen=1_000))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.company = Company(self.seed)

    def figures(self, channel: str, campaign: Any, day: date) -> Figures:
        """What the vendor says today about a campaign's day."""
        if (channel, campaign.account_id, day) in self.erased:
            return Figures()
        return self.company.figures(channel, campaign, day, self.today)

    def drifted(self, channel: str, fact: dict[str, Any]) -> dict[str, Any]:
        """The fact as the channel's drift makes it."""
        orders = self.drift.get(channel)
        if not orders:
            return fact
        names = {name: value["renamed"] for name, value in orders.items() if _is_renaming(value)}
        kept = {names.get(name, name): value for name, value in fact.items() if names.get(name, name) is not None}
        return {**kept, **{name: value for name, value in orders.items() if name not in names}}

    def job_outcome(self, channel: str, number: int, days: int, campaigns: int) -> str | None:
        """What becomes of the channel's job with this number, of so many days and campaigns; None if nothing odd."""
        orders = self.jobs.get(channel, {})
        hit = number < orders.get("times", 1_000_000) and campaigns > orders.get("more_than", -1)
        return orders.get("outcome") if hit and days > orders.get("longer_than", 0) else None

    def issue_token(self) -> str:
        with self.lock:
            self.counts["tokens_issued"] += 1
            return f"{WORD}-{self.counts['tokens_issued']}"

    def grants(self, form: Mapping[str, str]) -> bool:
        """Whether a form of an OAuth client with a refresh token is worth an access token."""
        given = [form.get(name) for name in ("client_id", "client_secret", "refresh_token")]
        return form.get("grant_type") == "refresh_token" and all(word in self.words for word in given)

    def token_works(self, channel: str, token: str) -> bool:
        """Whether the channel lets the token in: one word may serve all, and expire for each by itself."""
        issued = token.removeprefix(f"{WORD}-")
        was_issued = issued != token and issued.isdigit() and int(issued) <= self.counts["tokens_issued"]
        return (token in self.words or was_issued) and (channel, token) not in self.expired

    def tell(self, orders: dict[str, Any]) -> None:
        """Change what is given; unknown keys raise ValueError."""
        for key, value in orders.items():
            if key == "today":
                self.today = date.fromisoformat(value)
            elif key in ("denied", "words", "unscoped"):
                setattr(self, key, set(value) | ({WORD} if key == "words" else set()))
            elif key == "erased":
                self.erased = {(channel, account, date.fromisoformat(day)) for channel, account, day in value}
            elif key in ("outage", "drift", "throttled", "jobs", "faults", "more", "page_size", "expire_at"):
                setattr(self, key, value)
            else:
                raise ValueError(f"the sandbox knows no {key!r}")


def _is_renaming(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"renamed"}
