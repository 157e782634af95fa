"""Everything this package raises on purpose, and the finding that `okr check` prints.

    OkrError
    ├── FindingsError        mistakes in what people wrote (carries them all)
    │   ├── DefinitionsError   in okr_definitions/
    │   └── PagesError         in reports/
    ├── ChannelError         one channel could not be loaded; the others go on
    │   ├── CredentialsError   the vendor refused who we are; a person must act
    │   ├── QuotaError         the vendor asks to wait longer than a refresh may take
    │   ├── BudgetError        the channel has used its time or memory of this refresh
    │   ├── VendorError        the vendor answers wrongly or not at all
    │   └── InputFileError     a file of a file source cannot be read as declared
    ├── UnknownChannelError  a command names a channel that is not there or not on
    ├── LockedError          another process is writing the warehouse
    ├── WarehouseError       the warehouse's file cannot be opened; nothing is changed
    ├── HistoryError         a kept day or a part of it is gone or damaged; it is not used
    ├── IntoThePastError     today is before the newest report; nothing is changed
    ├── EngineError          Spark or the lake cannot be reached or used; nothing is published
    ├── TransformError       dbt failed; nothing is published
    ├── GateError            the data would make a report that misleads; nothing is published
    ├── PublishError         the site could not be built or put in place; the old one stays
    └── DeliveryError        a digest, an alert or a copy of the site did not reach its place; the others went
        └── ClearHistoryError  a locked site would be put upon a history that holds readable ones

Every message says what happened, where (path:line, channel, account, day) and what to do next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

# Around what is quoted, inside an error alone: no text that is typed or printed has these.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_QUOTED = re.compile(f"{_OPEN}.*?{_CLOSE}", re.DOTALL)
# A longer word is no misspelling, and comparing it takes seconds.
_LONGEST_WORD = 60


def did_you_mean(word: str, known: Iterable[str], otherwise: str, written: Callable[[str], str] = str) -> str:
    """What to do about a word that is not known: `did you mean X?` with the nearest known one, else `otherwise`.

    `written` words the nearest one, as with quotation marks.
    """
    from difflib import get_close_matches  # only a mistake pays for it

    near = get_close_matches(word[:_LONGEST_WORD], list(known), n=1)
    return f"did you mean {written(near[0])}?" if near else otherwise


@dataclass(frozen=True, order=True)
class Finding:
    """One line of `okr check`: what is wrong at a place, and what to do about it.

    `path` is relative to the working directory where possible; `line` counts from 1.
    """

    path: str
    line: int
    severity: Literal["error", "warning"]
    what: str
    todo: str

    def __post_init__(self) -> None:
        """A finding is for the terminal: what it quotes has no marks."""
        for name in ("what", "todo"):
            object.__setattr__(self, name, plain_text(getattr(self, name)))

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.severity}: {self.what}; {self.todo}"


def shown_path(path: Path) -> Path:
    """`path` as findings show it: from the working directory if it lies below it, as editors and people expect it."""
    here = Path.cwd()
    # A link keeps its own name: what is in its file is relative to where it lies.
    for whole in (path.absolute(), path.parent.resolve() / path.name):
        if whole.is_relative_to(here):
            return whole.relative_to(here)
    return path


def quoted(shown: str) -> str:
    """What a file, a database or a vendor holds, within a ChannelError's text: on the terminal, not in the report."""
    return f"{_OPEN}{plain_text(shown)}{_CLOSE}"


def plain_text(text: str) -> str:
    """A text for the terminal: what it quotes stands there without its marks."""
    return text.replace(_OPEN, "").replace(_CLOSE, "")


class OkrError(Exception):
    """Root of the errors that are shown to a person without a traceback."""


class FindingsError(OkrError):
    """Mistakes in what people wrote; `findings` holds them all."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = sorted(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class DefinitionsError(FindingsError):
    """The definitions cannot be used; `findings` holds every error and warning of all files."""


class PagesError(FindingsError):
    """The report pages cannot be built; `findings` holds every error and warning of all pages."""


class ChannelError(OkrError):
    """One channel could not be loaded. Its last good data stays and is stamped stale.

    `for_report` is the text without what it quotes of files and answers: many people read the report.
    """

    def __init__(self, channel: str, what: str, todo: str, account_id: str | None = None) -> None:
        self.channel, self.what, self.todo, self.account_id = channel, what, todo, account_id
        super().__init__(plain_text(self._text()))

    @property
    def for_report(self) -> str:
        return _QUOTED.sub("the value", self._text())

    def of_account(self, account_id: str) -> Self:
        """The same error, of that account if it names none."""
        return type(self)(self.channel, self.what, self.todo, self.account_id or account_id)

    def _text(self) -> str:
        where = self.channel if self.account_id is None else f"{self.channel} account {self.account_id}"
        return f"{where}: {self.what}; {self.todo}"


class CredentialsError(ChannelError):
    """The vendor refused the credentials; only a person can fix that."""


class QuotaError(ChannelError):
    """The vendor asks to wait longer than a refresh may take."""


class BudgetError(ChannelError):
    """The channel has used the time or the memory that it may use of one refresh."""


class VendorError(ChannelError):
    """The vendor cannot be reached, or answers in a way that must not be trusted."""


class InputFileError(ChannelError):
    """A file of a file source cannot be read as declared; nothing of that file is loaded."""


class UnknownChannelError(OkrError):
    """A channel was named that does not exist or is not on."""


class LockedError(OkrError):
    """Another process holds the writer's lock of the warehouse."""


class WarehouseError(OkrError):
    """The file of the warehouse cannot be opened; nothing was changed."""


class HistoryError(OkrError):
    """A day that was kept, or a part of it, is gone or is not what its digest says; it is not used."""


class IntoThePastError(OkrError):
    """The day is before that of the newest report, which a refresh would bend; nothing was changed."""


class EngineError(OkrError):
    """The distributed engine cannot be reached, or its settings or packages are missing."""


class TransformError(OkrError):
    """The dbt models or their tests failed; what was published before stays."""


class GateError(OkrError):
    """The health gate is closed: publishing now would mislead. What was published before stays."""


class PublishError(OkrError):
    """The site could not be built or put in place; what was published before stays."""


class DeliveryError(OkrError):
    """A digest, an alert or a copy of the site could not be delivered; running the command again sends what is left."""


class LockedPlaceError(DeliveryError):
    """A readable site would replace a locked one: a passphrase that is not found must not open what it locked."""

    def __init__(self, place: str) -> None:
        super().__init__(f"the site at {place} is locked with a passphrase, and this copy could be read by anybody")


class ClearHistoryError(DeliveryError):
    """A branch holds readable sites of before its passphrase was set; `branch` names it."""

    def __init__(self, branch: str) -> None:
        self.branch = branch
        super().__init__(f"the history of branch {branch} holds readable copies of the site")
