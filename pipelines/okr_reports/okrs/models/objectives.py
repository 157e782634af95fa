"""Objectives, their key results, and the plans around them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from okr_reports.okrs.fields import Day, Description, Id, Line, PeriodId, Title, choice
from okr_reports.okrs.models.shapes import KeyResult, Measure
from okr_reports.okrs.place import Located


class Approval(Located):
    """Who approved the objective, and when."""

    by: list[Line] = Field(min_length=1)
    on: Day


class Initiative(Located):
    """Work that is done for the objective; it never counts."""

    title: Title
    owner: Line | None = None
    state: Annotated[str, *choice("todo", "doing", "done", "blocked", "dropped")] = "todo"


class Objective(Located):
    """What a team, or the company (no team), wants to reach in a period."""

    id: Id
    title: Title
    description: Description | None = None
    period: PeriodId
    team: Id | None = None
    owner: Line | None = None
    parent: Id | None = None
    ambition: Annotated[str, *choice("committed", "aspirational")] = "aspirational"
    approved: Approval | None = None
    measure: Measure | None = None
    key_results: list[KeyResult] = Field(default_factory=list)
    initiatives: list[Initiative] = Field(default_factory=list)
