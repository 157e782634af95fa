"""What only all definitions together show: names that do not exist, numbers that contradict, habits that mislead."""

from __future__ import annotations

from collections.abc import Iterator

from okr_reports.errors import Finding
from okr_reports.okrs.lints.check_ins import lint_check_ins, lint_reopenings
from okr_reports.okrs.lints.context import Context
from okr_reports.okrs.lints.file_sources import lint_file_sources
from okr_reports.okrs.lints.kpis import lint_kpis
from okr_reports.okrs.lints.names import lint_names
from okr_reports.okrs.lints.numbers import lint_numbers
from okr_reports.okrs.lints.plans import lint_plans
from okr_reports.okrs.lints.practice import lint_practice

__all__ = ["Context", "lint"]


def lint(context: Context) -> Iterator[Finding]:
    """Every finding of every lint, in no particular order."""
    for rule in (
        lint_names,
        lint_kpis,
        lint_file_sources,
        lint_numbers,
        lint_plans,
        lint_check_ins,
        lint_reopenings,
        lint_practice,
    ):
        yield from rule(context)
