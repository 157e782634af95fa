"""What only the past knows: old targets, baselines as they were when the target was fixed, what was published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.dbt_project.warehouse import Warehouse

JULY, OCTOBER = date(2026, 7, 1), date(2026, 10, 1)
END = date(2026, 12, 31)


def begin(warehouse: Warehouse, today: date, *krs: dict[str, Any]) -> None:
    """One channel that is read again for ten days, ten leads a day since July."""
    channel = {"channel": "ads", "title": "Ads", "kind": "ads", "lookback_days": 10}
    warehouse.put("definitions.channels", [channel])
    warehouse.put("definitions.periods", [{"period_id": "q", "start_date": OCTOBER, "end_date": END}])
    warehouse.put("definitions.objectives", [{"objective_id": "o", "period_id": "q", "ambition": "committed"}])
    warehouse.put("definitions.kpis", [{"kpi_id": "leads", "kind": "flow", "measure": "leads", "unit": "count"}])
    where = {"kpi_id": "leads", "condition_no": 1, "field": "channel", "operator": "in", "value": "ads"}
    warehouse.put("definitions.kpi_conditions", [where])
    define(warehouse, *krs)
    load(warehouse, today)


def define(warehouse: Warehouse, *krs: dict[str, Any]) -> None:
    common = {
        "role": "key_result", "objective_id": "o", "key_result_id": "kr", "weight": 1.0, "pace_kind": "linear",
        "type": "increase", "kpi_id": "leads", "signature": "1",
    }  # fmt: skip
    warehouse.put("definitions.key_results", [{**common, **kr} for kr in krs])


def load(warehouse: Warehouse, today: date, *, daily: int = 10, on: date | None = None, extra: int = 0) -> None:
    """Go to a day and load what there is through the day before; `extra` leads more on the day `on`."""
    warehouse.at(today)
    days = [JULY + timedelta(days=number) for number in range((today - JULY).days)]
    common = {"source_id": "s", "source_file": "", "channel": "ads", "account_id": "a", "measure": "leads"}
    warehouse.put(
        "files.measures",
        [{**common, "date": day, "value": daily + (extra if day == on else 0)} for day in days],
    )
    warehouse.loaded("ads", "a", window_from=JULY)
    warehouse.build()


RELATIVE = {
    "change": 0.2, "baseline_kind": "previous_period", "baseline_start": JULY, "baseline_end": date(2026, 9, 30),
}  # fmt: skip


def state(warehouse: Warehouse) -> dict[str, Any]:
    return warehouse.row("from marts.key_results")


def note(warehouse: Warehouse) -> str | None:
    (row,) = warehouse.copied("select baseline_note from marts.key_results")
    return row["baseline_note"]


def test_a_relative_target_is_fixed_when_its_baseline_is_final_and_kept(warehouse: Warehouse) -> None:
    # The last ten days of September are still read again: the target stands, and may yet move.
    begin(warehouse, date(2026, 10, 5), RELATIVE)
    assert state(warehouse)["baseline"] == 920
    assert state(warehouse)["is_provisional"]
    assert not warehouse.rows("from intermediate.int_resolved_target")

    load(warehouse, date(2026, 10, 8), on=date(2026, 9, 29), extra=30)
    assert (state(warehouse)["baseline"], state(warehouse)["target"]) == (950, 950 * 1.2)

    load(warehouse, date(2026, 10, 12), on=date(2026, 9, 29), extra=30)
    (kept,) = warehouse.rows(
        "select key_result_id, baseline, resolved_on, refresh_id from intermediate.int_resolved_target"
    )
    assert kept == {
        "key_result_id": "kr", "baseline": 950, "resolved_on": date(2026, 10, 12), "refresh_id": warehouse.refresh_id,
    }  # fmt: skip
    assert note(warehouse) is None
    version = warehouse.row("from marts.key_result_versions")
    assert (version["target"], version["baseline_fixed_on"]) == (950 * 1.2, date(2026, 10, 12))
    assert version["baseline_loaded_at"] == warehouse.moment

    # The vendor restates September by 1 %, then by more: the target stays, and the note comes with the second.
    load(warehouse, date(2026, 11, 1), on=date(2026, 9, 29), extra=30 + 9)
    assert (state(warehouse)["baseline"], note(warehouse)) == (950, None)
    load(warehouse, date(2026, 11, 2), on=date(2026, 9, 29), extra=30 + 10)
    assert state(warehouse)["target"] == 950 * 1.2
    assert note(warehouse) == (
        "The baseline was 950 when the target was fixed and is 960 as known now; the target stays."
    )
    warehouse.build("--full-refresh")
    assert state(warehouse)["target"] == 950 * 1.2


def test_a_baseline_whose_sources_begin_within_its_period_says_so(warehouse: Warehouse) -> None:
    begin(warehouse, date(2026, 10, 12), {**RELATIVE, "baseline_start": date(2026, 6, 15)})
    assert (state(warehouse)["baseline"], note(warehouse)) == (
        920,
        "The baseline is counted from 2026-07-01 on: its sources have no earlier days.",
    )


def test_a_baseline_whose_last_day_is_the_first_with_data_says_so(warehouse: Warehouse) -> None:
    begin(warehouse, date(2026, 10, 12), {**RELATIVE, "baseline_start": date(2026, 6, 15), "baseline_end": JULY})
    assert state(warehouse)["baseline"] == 10
    assert "2026-07-01" in note(warehouse)


def test_a_baseline_before_all_data_is_none_and_has_no_note(warehouse: Warehouse) -> None:
    june = {"baseline_start": date(2026, 6, 1), "baseline_end": date(2026, 6, 30)}
    begin(warehouse, date(2026, 10, 12), {**RELATIVE, **june})
    assert (state(warehouse)["baseline"], note(warehouse)) == (None, None)


def test_a_value_whose_data_begin_within_the_period_says_from_when_it_counts(warehouse: Warehouse) -> None:
    begin(warehouse, date(2026, 10, 12), {"target": 1000})
    assert (state(warehouse)["value"], state(warehouse)["data_from"]) == (110, None)

    for start, data_from in ((JULY, None), (JULY - timedelta(days=1), JULY)):
        warehouse.put("definitions.periods", [{"period_id": "q", "start_date": start, "end_date": END}])
        warehouse.build()
        assert (state(warehouse)["value"], state(warehouse)["data_from"]) == (1030, data_from)

    # The first day with data is the last one so far.
    load(warehouse, JULY + timedelta(days=1))
    assert (state(warehouse)["value"], state(warehouse)["data_from"]) == (10, JULY)
    load(warehouse, date(2026, 10, 12))

    # A stock is what it is on its day, whenever its data begin.
    warehouse.put("definitions.kpis", [{"kpi_id": "leads", "kind": "stock", "measure": "leads", "unit": "count"}])
    warehouse.build()
    assert (state(warehouse)["value"], state(warehouse)["data_from"]) == (10, None)


def test_a_changed_target_counts_from_its_day_and_the_days_before_keep_theirs(warehouse: Warehouse) -> None:
    begin(warehouse, date(2026, 10, 11), {"target": 1000})
    define(warehouse, {"target": 2000, "signature": "2"})
    load(warehouse, date(2026, 10, 21))
    # Twice on one day: the last word counts. What does not fix the target (the weight) starts nothing.
    committed = datetime(2026, 10, 21, 16, 30, tzinfo=UTC)
    change = {"target": 500, "signature": "3", "weight": 2.0, "changed_by": "Ana Díaz", "changed_at": committed,
              "change_reason": "The fair is off"}  # fmt: skip
    define(warehouse, change)
    warehouse.build()
    define(warehouse, {**change, "changed_by": "Eva"})
    load(warehouse, date(2026, 10, 31))
    days = warehouse.rows("select date, value, target, progress from marts.fct_key_result_daily order by date")
    targets = {row["date"]: row["target"] for row in days}
    assert {target for day, target in targets.items() if day < date(2026, 10, 21)} == {1000}
    assert {target for day, target in targets.items() if day >= date(2026, 10, 21)} == {500}
    # The count itself runs on from the period's start.
    assert days[-1] == {"date": date(2026, 10, 30), "value": 300, "target": 500, "progress": 0.6}
    assert len(warehouse.rows("from intermediate.int_target_version")) == 3
    first, last = warehouse.rows("from marts.key_result_versions order by version")
    assert (first["valid_from"], first["valid_through"]) == (OCTOBER, date(2026, 10, 20))
    assert (first["target"], first["changed_by"], first["changed_at"]) == (1000, None, None)
    # Whoever edited the file later, for another key result, has not changed this target.
    assert (last["valid_from"], last["target"]) == (date(2026, 10, 21), 500)
    assert (last["changed_by"], last["changed_at"]) == ("Ana Díaz", committed)
    assert (first["reason"], last["reason"]) == (None, "The fair is off")
    # A reason written later is the reason; one that is gone again stays as it was at the change.
    for written, shown in (("Half the budget", "Half the budget"), (None, "The fair is off")):
        define(warehouse, {**change, "change_reason": written})
        warehouse.build()
        assert warehouse.rows("from marts.key_result_versions order by version")[-1]["reason"] == shown


def test_a_key_result_that_moves_to_the_next_period_takes_nothing_along(warehouse: Warehouse) -> None:
    begin(warehouse, date(2026, 10, 12), RELATIVE)
    assert state(warehouse)["target"] == 920 * 1.2
    start, end = date(2027, 1, 1), date(2027, 3, 31)
    warehouse.put("definitions.periods", [{"period_id": "q1", "start_date": start, "end_date": end}])
    warehouse.put("definitions.objectives", [{"objective_id": "o", "period_id": "q1", "ambition": "committed"}])
    interval = {"baseline_start": OCTOBER, "baseline_end": END}
    define(warehouse, {**RELATIVE, **interval, "signature": "2"})
    load(warehouse, date(2027, 1, 14), daily=20)
    days = warehouse.rows("select date, baseline, target from marts.fct_key_result_daily order by date")
    assert days[0] == {"date": start, "baseline": 92 * 20, "target": 92 * 20 * 1.2}
    assert {row["target"] for row in days} == {92 * 20 * 1.2}
    # A kind that was fixed holds for the version that is kept, too.
    warehouse.put(
        "definitions.kpis", [{"kpi_id": "leads", "kind": "ratio", "numerator": "leads", "denominator": "leads"}]
    )
    warehouse.build()
    assert (state(warehouse)["value"], state(warehouse)["baseline"]) == (1, 1840)


def test_each_baseline_is_that_of_its_own_days(warehouse: Warehouse) -> None:
    shorter = {**RELATIVE, "key_result_id": "shorter", "signature": "2", "baseline_end": date(2026, 8, 31)}
    later = {**RELATIVE, "key_result_id": "later", "signature": "3", "baseline_start": date(2026, 8, 1)}
    begin(warehouse, date(2026, 10, 12), RELATIVE, shorter, later)
    kept = warehouse.rows("select key_result_id, baseline from intermediate.int_resolved_target order by 1")
    # 92, 61 and 62 days of ten leads.
    assert [tuple(row.values()) for row in kept] == [("kr", 920), ("later", 610), ("shorter", 620)]
    now = warehouse.rows("select key_result_id, target from marts.key_results order by 1")
    assert [tuple(row.values()) for row in now] == [("kr", 920 * 1.2), ("later", 610 * 1.2), ("shorter", 620 * 1.2)]


def reported(warehouse: Warehouse) -> Sequence[tuple[Any, ...]]:
    rows = warehouse.rows("select reported_on, date, value, status from marts.fct_key_result_reported order by 1, 2")
    return [tuple(row.values()) for row in rows]


def test_what_was_published_first_on_a_day_stays(warehouse: Warehouse) -> None:
    begin(warehouse, date(2026, 11, 3), {"target": 920})
    first = (date(2026, 11, 3), date(2026, 11, 2), 330, "on_track")
    assert reported(warehouse) == [first]
    warehouse.publish()
    # Again on that day, with other numbers: the first publication is what was reported.
    load(warehouse, date(2026, 11, 3), on=date(2026, 11, 2), extra=5)
    assert state(warehouse)["value"] == 335
    assert reported(warehouse) == [first]
    # A build whose publication failed: the next one, of the same day or another, takes its place.
    load(warehouse, date(2026, 11, 4), daily=1)
    load(warehouse, date(2026, 11, 5))
    second = (date(2026, 11, 5), date(2026, 11, 4), 350, "on_track")
    assert reported(warehouse) == [first, second]
    warehouse.publish()
    warehouse.build("--full-refresh")
    assert reported(warehouse) == [first, second]
