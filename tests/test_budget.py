"""What more money on a channel would bring: from weeks whose response is known, over a small copy of the marts."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from okr_reports.commands.budget import Budget, lines, more_on
from okr_reports.errors import OkrError
from okr_reports.forecasting.response import MOST_WEEKS, Response, response

LAST = date(2026, 10, 25)
KPIS = """
insert into marts.dim_kpi values
    ('leads', 'Leads', 'flow', 'count', 'leads', null), ('sales', 'Sales', 'flow', 'count', 'deals', 'crm'),
    ('cost', 'Cost', 'ratio', 'EUR', null, null), ('spend', 'Spend', 'flow', 'EUR', 'spend', null)
"""


def weeks(seed: int, elasticity: float, variation: float = 0.4, level: float = 80.0) -> tuple[np.ndarray, np.ndarray]:
    """Spend and counts of 26 weeks with that elasticity, more spread than a Poisson's, and a slow trend."""
    chance = np.random.default_rng(seed)
    spend = 1000 * np.exp(chance.normal(0, variation, MOST_WEEKS))
    expected = level * (spend / 1000) ** elasticity * np.exp(0.01 * np.arange(MOST_WEEKS))
    return spend, chance.poisson(expected * chance.gamma(20, 1 / 20, MOST_WEEKS)).astype(float)


@pytest.mark.parametrize("elasticity", [0.2, 0.5, 0.8])
def test_the_interval_holds_the_truth_as_often_as_it_says(elasticity: float) -> None:
    found = [response(*weeks(seed, elasticity)) for seed in range(300)]
    inside = [one.low <= elasticity <= one.high for one in found if isinstance(one, Response)]
    assert len(inside) == 300
    assert 0.74 <= np.mean(inside) <= 0.88


def test_more_money_never_pays_better_than_the_last_and_never_harms() -> None:
    for seed in range(100):
        found = response(*weeks(seed, 0.5, variation=0.15, level=4.0))
        assert isinstance(found, Response)
        assert 0 <= found.low <= found.middle <= found.high <= 1
        assert found.gains(40, 4000, 1000)[2] <= 10 + 1e-9


def test_spend_that_does_not_vary_and_short_pasts_tell_nothing() -> None:
    spend, amount = weeks(1, 0.5)
    assert "hardly changed" in str(response(np.full(MOST_WEEKS, 1000.0), amount))
    short = np.where(np.arange(MOST_WEEKS) < 20, 0, spend)
    assert str(response(short, amount)) == "money was spent there in 6 of the last 26 weeks, and 10 are needed"
    assert "none came" in str(response(spend, 0 * amount))


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("copy") / "okr.duckdb"
    spend, amount = weeks(5, 0.6)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.dim_kpi (kpi_id varchar, title varchar, kind varchar, unit varchar, measure varchar,"
            " channel varchar)"
        )
        connection.execute(KPIS)
        connection.execute(
            "create table marts.key_results as select kpi_id || '_up' as key_result_id, kpi_id from marts.dim_kpi"
        )
        connection.execute("insert into marts.key_results values ('done', null)")
        connection.execute("create table marts.report_context as select 'EUR' as currency")
        connection.execute(
            "create table marts.fct_ad_daily (date date, channel varchar, spend decimal(28, 9), is_provisional boolean)"
        )
        connection.execute(
            "create table marts.fct_measure_daily (date date, channel varchar, measure varchar, value decimal(28, 9))"
        )
        connection.execute("create table marts.fct_kpi_daily (kpi_id varchar, date date, numerator decimal(28, 9))")
        for number in range(MOST_WEEKS):
            day = LAST - timedelta(days=7 * (MOST_WEEKS - 1 - number))
            for name in ("ads", "other"):
                connection.execute(
                    "insert into marts.fct_ad_daily values (?, ?, ?, false)",
                    [day, name, spend[number] if name == "ads" else 500],
                )
            connection.execute(
                "insert into marts.fct_measure_daily values (?, 'ads', 'leads', ?)", [day, amount[number]]
            )
            connection.execute(
                "insert into marts.fct_measure_daily values (?, 'crm', 'deals', ?)", [day, amount[number] // 4]
            )
            connection.execute("insert into marts.fct_kpi_daily values ('leads', ?, ?)", [day, amount[number]])
            connection.execute("insert into marts.fct_kpi_daily values ('sales', ?, ?)", [day, amount[number] // 4])
        connection.execute("insert into marts.fct_ad_daily values (?, 'ads', 9999, true)", [LAST + timedelta(days=1)])
    return path


def test_a_channels_own_leads_are_its_response(snapshot: Path) -> None:
    found = more_on(snapshot, "leads_up", "ads", 1000)
    assert (found.through, found.weeks, found.currency) == (LAST, MOST_WEEKS, "EUR")
    share = found.spent + 1000
    assert 0 < found.gain_low < found.gain < found.gain_high <= found.came * (share / found.spent - 1) + 1e-9
    assert any("not varied by a trial" in one for one in found.cautions)
    assert not any("its total is compared" in one for one in found.cautions)
    assert "8 of 10 cases" in "\n".join(lines(found))


def test_what_another_source_counts_is_compared_as_a_whole_and_that_is_said(snapshot: Path) -> None:
    found = more_on(snapshot, "sales_up", "ads", 250_000)
    assert isinstance(found, Budget)
    assert any("sales is not counted by ads alone" in one for one in found.cautions)
    assert any("not spent in any of the last 26 weeks" in one for one in found.cautions)


@pytest.mark.parametrize(
    ("key_result", "channel", "more", "said"),
    [
        ("leads_up", "other", 100, "hardly changed"),
        ("leads_up", "adds", 100, "did you mean 'ads'|did you mean ads"),
        ("leads_up", "ads", -5, "no amount"),
        ("leads_up", "ads", float("nan"), "no amount"),
        ("cost_up", "ads", 100, "counts nothing that money adds to"),
        ("spend_up", "ads", 100, "counts the money itself"),
        ("done", "ads", 100, "no KPI"),
        ("leads", "ads", 100, "there is no key result 'leads'"),
    ],
)
def test_where_nothing_can_be_told_it_says_why(
    snapshot: Path, key_result: str, channel: str, more: float, said: str
) -> None:
    with pytest.raises(OkrError, match=said):
        more_on(snapshot, key_result, channel, more)
