"""What failed in a run, in the words of the error itself."""

from __future__ import annotations

from collections.abc import Iterable

from dagster import DagsterEvent


def failures(events: Iterable[DagsterEvent]) -> list[str]:
    """Each error once: those of steps, the run's own only if no step says why (a lock, a resource, a kill)."""
    failed = [event for event in events if event.is_failure]
    of_steps = [event for event in failed if event.is_step_failure]
    of_run = [event for event in failed if not event.is_step_failure]
    return list(dict.fromkeys(text for event in of_steps or of_run if (text := _message(event))))


def _message(event: DagsterEvent) -> str | None:
    """The innermost error; one that is not ours with its class and the step it came from."""
    error = getattr(event.event_specific_data, "error", None)
    if error is None:
        return None
    while error.cause:
        error = error.cause
    qualified, _, text = error.message.strip().partition(": ")
    if qualified.startswith("pipelines.errors.") or qualified.endswith(".Failure"):
        return str(text)
    return f"{event.step_key or 'run'}: {error.message.strip()}"
