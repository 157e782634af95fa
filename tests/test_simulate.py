"""What a key result needs, against hand-reckoned numbers over a small copy of the marts."""

import json
from datetime import date

import duckdb
import pytest
from click.testing import CliRunner

from okr_reports.cli.group import main
from okr_reports.commands.simulate import simulate
from okr_reports.errors import OkrError
from okr_reports.forecasting.kinds import chance_to_keep

COLUMNS = """
    key_result_id varchar, title varchar, type varchar, kpi_id varchar, unit varchar, value double, baseline double,
    target double, date date, period_start date, period_end date, status_reason varchar,
    forecast_low double, forecast double, forecast_high double, low double, high double,
    day_no bigint, period_days bigint
"""
START, END, THROUGH = date(2026, 1, 1), date(2026, 3, 31), date(2026, 1, 30)


@pytest.fixture
def snapshot(tmp_path):
    path = tmp_path / "okr.duckdb"
    rows = [
        ("leads", "increase", "leads", 60.0, None, 200.0, 160.0, 180.0, 200.0),
        ("budget", "at_most", "spend", 300.0, None, 600.0, None, None, None),
        ("days", "decrease", None, 3.5, 5.0, 2.0, None, None, None),
        ("done", "binary", None, 1.0, None, None, None, None, None),
        ("empty", "increase", "leads", None, None, 10.0, None, None, None),
        ("within", "between", "spend", 300.0, None, None, None, None, None, 600.0, 800.0),
        ("range", "count_range", "leads", 1.0, None, None, None, None, None, 4.0, 5.0),
        ("rate", "at_least", "ctr", 0.5, None, 0.4, None, None, None),
    ]
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create schema marts; create table marts.key_results ({COLUMNS})")
        connection.execute(
            "create table marts.dim_kpi as select * from "
            "(values ('leads', 'flow', null), ('spend', 'flow', null), ('ctr', 'ratio', 7.0::double)) "
            "t(kpi_id, kind, min_denominator)"
        )
        for name, kind, kpi, value, baseline, target, low, middle, high, *limits in rows:
            connection.execute(
                f"insert into marts.key_results values ({', '.join('?' * 19)})",
                [
                    name,
                    name,
                    kind,
                    kpi,
                    "count",
                    value,
                    baseline,
                    target,
                    THROUGH,
                    START,
                    END,
                    "why",
                    low,
                    middle,
                    high,
                    *(limits or (None, None)),
                    (THROUGH - START).days + 1,
                    (END - START).days + 1,
                ],
            )
        _add_weeks(connection)
    return path


def _add_weeks(connection):
    """Of `rate`: four weeks of the period, and 26 before it of which the last but one lay under the limit."""
    for column in ("hold varchar", "weeks_unit varchar", "allowed_misses bigint", "probability double"):
        connection.execute(f"alter table marts.key_results add column {column}")
    connection.execute(
        "update marts.key_results set hold = 'units', weeks_unit = 'week', allowed_misses = 1, probability = 0.5"
        " where key_result_id = 'rate'"
    )
    connection.execute(
        "create table marts.dim_date as select date::date as date, date_trunc('week', date)::date as week_start"
        " from range(date '2025-01-01', date '2026-12-31', interval 1 day) as days(date)"
    )
    connection.execute(
        "create table marts.key_result_weeks as select 'rate' as key_result_id, least(max(date), ?) as week_end,"
        " case min(week_start) when date '2026-01-12' then 0.3 else 0.5 end::double as value from marts.dim_date"
        " where date between ? and ? group by week_start",
        [END, START, END],
    )
    connection.execute("update marts.key_result_weeks set value = null where week_end > ?", [THROUGH])
    connection.execute(
        "create table marts.fct_kpi_daily as select 'ctr' as kpi_id, date, 1.0::decimal(38, 15) as denominator,"
        " case week_start when date '2025-12-15' then 0.3 else 0.5 end::decimal(38, 15) as numerator, null as value"
        " from marts.dim_date where date between date '2025-06-25' and ?",
        [THROUGH],
    )
    # A week under the least denominator counts for nothing.
    connection.execute("delete from marts.fct_kpi_daily where date = date '2025-12-03'")


@pytest.mark.parametrize(
    ("limit", "kept", "before"),
    [(None, 3, (True,) * 23 + (False, True)), (0.25, 4, (True,) * 25), (0.6, 0, (False,) * 25)],
)
def test_another_limit_counts_the_weeks_anew(snapshot, limit, kept, before):
    result = simulate(snapshot, "rate", target=limit, daily=None)
    weeks = result.weeks
    assert (weeks.unit, weeks.kept, weeks.observed, weeks.left, weeks.allowed) == ("week", kept, 4, 10, 1)
    assert result.score == min(1.0, (kept + 1) / 4)
    assert result.probability == chance_to_keep(kept, 4 - kept, 10, 1, before)
    with pytest.raises(OkrError, match="no daily rate"):
        simulate(snapshot, "rate", target=limit, daily=1.0)


def test_a_flow_needs_the_rest_over_the_days_left(snapshot):
    result = simulate(snapshot, "leads", target=None, daily=None)
    assert result.days_left == 60
    assert result.daily_so_far == 2.0
    assert result.needed_daily == pytest.approx(140 / 60)
    assert result.end == 180.0
    assert result.score == 0.9
    assert result.probability == pytest.approx(0.10, abs=1e-9), "the target is the upper end of the 80 % interval"


def test_another_rate_and_another_target(snapshot):
    faster = simulate(snapshot, "leads", target=None, daily=3.0)
    assert faster.end == 240.0
    assert faster.score == 1.0
    assert faster.probability == 0.98, "nothing is surer while the period runs"
    easier = simulate(snapshot, "leads", target=180.0, daily=None)
    assert easier.probability == pytest.approx(0.5)


def test_a_cap_is_kept_or_shared_by_its_excess(snapshot):
    result = simulate(snapshot, "budget", target=None, daily=None)
    assert result.end == 900.0
    assert result.score == pytest.approx(600 / 900)
    assert result.needed_daily == 5.0
    assert simulate(snapshot, "budget", target=None, daily=5.0).score == 1.0


def test_limits_of_a_flow_are_kept_by_its_end(snapshot):
    result = simulate(snapshot, "within", target=None, daily=None)
    assert (result.end, result.score) == (900.0, pytest.approx(800 / 900))
    assert (result.target, result.high) == (600.0, 800.0)
    assert simulate(snapshot, "within", target=None, daily=6.0).score == 1.0
    assert simulate(snapshot, "within", target=None, daily=0.0).score == 0.5
    assert simulate(snapshot, "range", target=None, daily=0.0).score == 0.25
    with pytest.raises(OkrError, match="no target but limits"):
        simulate(snapshot, "within", target=700.0, daily=None)


def test_a_cap_below_zero_is_refused_not_divided_by(snapshot):
    with pytest.raises(OkrError, match="counted from 0, so -5 can never be kept"):
        simulate(snapshot, "budget", target=-5.0, daily=-10.0)


def test_without_any_key_result_it_says_so(snapshot):
    with duckdb.connect(str(snapshot)) as connection:
        connection.execute("delete from marts.key_results")
    with pytest.raises(OkrError, match="there is no key result 'leads'; none is defined yet"):
        simulate(snapshot, "leads", target=None, daily=None)


def test_a_value_by_check_in_has_no_daily_rate(snapshot):
    result = simulate(snapshot, "days", target=3.0, daily=None)
    assert result.score == 0.75
    assert result.needed_daily is None
    with pytest.raises(OkrError, match="no daily rate"):
        simulate(snapshot, "days", target=None, daily=1.0)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("done", "does not follow from one number"),
        ("empty", "no number yet: why"),
        ("lead", "did you mean leads"),
    ],
)
def test_what_cannot_be_simulated_says_why(snapshot, name, message):
    with pytest.raises(OkrError, match=message):
        simulate(snapshot, name, target=None, daily=None)


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("days", 5.0, "equals the baseline"),
        ("days", 7.0, "is to decrease, but 5 to 7 goes the other way"),
        ("leads", 0.0, "reached before it starts"),
        ("leads", -3.0, "reached before it starts"),
    ],
)
def test_a_target_that_okr_check_would_refuse_is_refused(snapshot, name, target, message):
    with pytest.raises(OkrError, match=message):
        simulate(snapshot, name, target=target, daily=None)


@pytest.mark.parametrize(("written", "target"), [("25%", 0.25), ("0.25", 0.25), ("25%%", None), ("a%", None)])
def test_a_target_is_written_as_definitions_take_it(snapshot, monkeypatch, written, target):
    monkeypatch.setenv("OKR_DATA_DIR", str(snapshot.parent))
    answer = CliRunner().invoke(main, ["simulate", "rate", "--target", written, "--json"])
    assert answer.exit_code == (2 if target is None else 0), answer.output
    if target is None:
        assert "such as 3.5 or 12%" in answer.output
    else:
        assert json.loads(answer.stdout)["target"] == target
