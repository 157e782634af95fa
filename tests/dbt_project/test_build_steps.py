"""A build by the statements of an earlier one makes what dbt makes, and leaves to dbt what it cannot."""

from __future__ import annotations

import re
import shutil
from random import Random

import pytest

from okr_reports.errors import TransformError
from okr_reports.refresh.models import build_models
from okr_reports.warehouse import build_steps, transform
from okr_reports.warehouse.build_steps import Recorder
from tests.dbt_project import changes, example
from tests.dbt_project.test_incremental import digests
from tests.dbt_project.warehouse import Warehouse

STEPS = "select node, statements, event from ops.build_steps where structure is not null order by position"


@pytest.fixture
def known(warehouse: Warehouse) -> Warehouse:
    """The example company, built as on its first two days."""
    example.found(warehouse)
    build_models(warehouse.workspace)
    assert not warehouse.rows(STEPS)
    changes.a_day_later(warehouse, Random(6))
    build_models(warehouse.workspace)
    assert len(warehouse.rows(STEPS)) > 100
    return warehouse


def a_day_later(warehouse: Warehouse) -> None:
    dice = Random(7)
    for change in (changes.a_day_later, *dice.sample(changes.OF_EVERY_INPUT[1:], 3)):
        change(warehouse, dice)


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("dbt was started")


def test_without_dbt_all_is_as_dbt_makes_it(known: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = known.rows(STEPS)
    a_day_later(known)
    before = known.path.with_suffix(".before")
    shutil.copy(known.path, before)
    events: list[dict] = []
    with monkeypatch.context() as without:
        without.setattr(transform, "invoke", refuse)
        build_models(known.workspace, on_event=events.append)
    repeated = digests(known)
    assert [event["data"]["node_info"]["unique_id"] for event in events] == [step["node"] for step in steps]
    rows = {event["data"]["node_info"]["unique_id"]: event["rows"] for event in events if "rows" in event}
    assert rows["model.okr_reports.fct_key_result_daily"] == repeated["marts.fct_key_result_daily"][0]
    shutil.move(before, known.path)
    recorder = Recorder()
    transform.build(known.workspace, with_views=False, recorder=recorder)
    assert digests(known) == repeated
    # what dbt said is what was kept, but for its names of temporary tables
    build_steps.keep(known.workspace, recorder.steps, [], "as dbt does it")
    assert [said(step) for step in known.rows(STEPS)] == [said(step) for step in steps]


def said(step: dict) -> tuple[str, str]:
    return step["node"], re.sub(r"__dbt_tmp\d+", "", " ".join(step["statements"]))


def test_what_a_test_finds_is_said_by_dbt(known: Warehouse) -> None:
    before = digests(known)
    known.run("update definitions.kpis set kind = 'guess' where kpi_id = (select min(kpi_id) from definitions.kpis)")
    with pytest.raises(TransformError, match="codes_are_known"):
        build_models(known.workspace)
    assert digests(known).keys() == before.keys()


def test_other_columns_are_left_to_dbt(known: Warehouse) -> None:
    known.run("alter table marts.dim_team add column added integer")
    a_day_later(known)
    build_models(known.workspace)
    assert "added" not in known.rows("from marts.dim_team")[0]
