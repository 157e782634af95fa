"""What a refresh does about the past: refuse to bend it, bring back what the warehouse lost of it, keep the new day."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from pathlib import Path

from okr_reports.errors import IntoThePastError
from okr_reports.warehouse import ops
from okr_reports.warehouse.history import Kept, days, keep
from okr_reports.warehouse.history.ledgers import bring_back, forget_after
from okr_reports.warehouse.history.losses import lost_days

logger = logging.getLogger("okr")


def refuse_the_past(today: date, newest: date | None) -> None:
    """Raise IntoThePastError if a report of a later day than `today` was published."""
    if newest and today < newest:
        raise IntoThePastError(
            f"today is {today}, and the newest report is of {newest}: a refresh now would change what was reported; set"
            " the clock or OKR_TODAY right (or settings.timezone, if that was changed), or, if the later reports are"
            " the wrong ones, withdraw them with `okr refresh --into-the-past`"
        )


def newest_report(history: Path, warehouse: Path | None = None) -> date | None:
    """The day of the newest report that `history/`, and the warehouse where one is named, know of."""
    kept = days.days(history)[-1:]
    published = ops.last_published(warehouse) if warehouse else None
    return max([*kept, *([published] if published else [])], default=None)


def before_refresh(
    warehouse: Path, history: Path, *, refresh_id: str, today: date, into_the_past: bool, restores: bool
) -> None:
    """Put the past in order before anything is written; what was done and what is lost is logged and recorded.

    `restores` is False where the warehouse's tables are not DuckDB's own (Spark). Raises IntoThePastError.
    """
    newest = newest_report(history, warehouse)
    if into_the_past and newest and today < newest:
        withdrawn = days.withdraw(history, today, f"{datetime.now(UTC):%Y%m%dT%H%M%S}")
        forget_after(warehouse, today)
        logger.warning(
            "the reports after %s are withdrawn (%d days, up to %s); their manifests are in %s",
            today, len(withdrawn), newest, history / "withdrawn",
        )  # fmt: skip
    else:
        refuse_the_past(today, newest)
    if not restores:
        return
    restored = bring_back(warehouse, history)
    if restored.rows:
        logger.warning("%s", restored)
    for what in restored.lost:
        logger.warning("%s", what)
    if restored.rows or restored.lost:
        ops.record_restoration(warehouse, refresh_id, restored.day)
        ops.record_losses(warehouse, refresh_id, restored.lost)


def after_publication(kept: Kept, warehouse: Path, history: Path, *, refresh_id: str, day: date) -> None:
    """Keep the publication as that of `day`; after a restoration also name what the sources no longer give."""
    if restored := ops.restoration_to_compare(warehouse):
        lost, not_asked = lost_days(warehouse, history, restored)
        ops.record_losses(warehouse, refresh_id, lost)
        for what in not_asked:
            logger.warning("%s", what)
    damaged = keep(kept, warehouse, history, day)
    if restored:
        ops.note_compared(warehouse)
    if damaged:
        what = (
            f"{len(damaged)} parts of {history} were damaged ({damaged[0]}) and were written again as they are today;"
            " `okr doctor --history` says which past days still need one"
        )
        logger.warning("%s", what)
        ops.record_losses(warehouse, refresh_id, [what])
