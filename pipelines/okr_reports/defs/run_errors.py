"""What failed in a run, in the words of the error itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from okr_reports.common.damage import explained, is_damage

if TYPE_CHECKING:
    from dagster import DagsterEvent


def failures(events: Iterable[DagsterEvent]) -> list[str]:
    """Each error once: those of steps, the run's own only if no step says why (a lock, a resource, a kill)."""
    failed = [event for event in events if event.is_failure]
    of_steps = [event for event in failed if event.is_step_failure]
    of_run = [event for event in failed if not event.is_step_failure]
    return list(dict.fromkeys(text for event in of_steps or of_run if (text := _message(event))))


def error_text(step: str | None, message: str) -> str:
    """The message that Dagster keeps of an error, `class: text`: ours by its text, another with the step it is of."""
    if is_damage(message):
        return explained(message.strip())
    qualified, _, text = message.strip().partition(": ")
    if qualified.startswith("okr_reports.errors.") or qualified.endswith(".Failure"):
        return text
    return f"{step or 'run'}: {message.strip()}"


def _message(event: DagsterEvent) -> str | None:
    """The innermost error."""
    error = getattr(event.event_specific_data, "error", None)
    if error is None:
        return None
    while error.cause:
        error = error.cause
    return error_text(event.step_key, error.message)
