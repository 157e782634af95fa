"""What may change under a warehouse of the example company from one build to the next, each kind at random."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.dbt_project import example
from tests.dbt_project.warehouse import Warehouse

Change = Callable[[Warehouse, Random], None]


def a_day_later(warehouse: Warehouse, dice: Random) -> None:
    """The window is read again, one day more, some of it restated; sometimes only three days of it."""
    warehouse.at(warehouse.today + timedelta(days=1))
    window_from = warehouse.today - timedelta(days=dice.choice([31, 31, 3]))
    warehouse.delete("linkedin_ads.campaign_analytics", "date >= ?", window_from)
    rows = example.analytics(warehouse, window_from, warehouse.today, seed=dice.randint(0, 99))
    warehouse.add("linkedin_ads.campaign_analytics", rows)
    warehouse.put("definitions.exchange_rates", example.rates(warehouse.today))
    example.load(warehouse, window_from)


def days_pass(warehouse: Warehouse, dice: Random) -> None:
    """The clock alone: nothing was loaded."""
    warehouse.at(warehouse.today + timedelta(days=dice.randint(1, 12)))


def restated_days(warehouse: Warehouse, dice: Random) -> None:
    """Days of any age are other ones, and a campaign of them is gone."""
    first, last = _window(warehouse, dice)
    warehouse.delete("linkedin_ads.campaign_analytics", "date between ? and ?", first, last)
    rows = example.analytics(warehouse, first, last, seed=dice.randint(0, 99))
    warehouse.add("linkedin_ads.campaign_analytics", dice.sample(rows, len(rows) * 2 // 3))
    warehouse.loaded("linkedin_ads", "1", window_from=first, window_to=last, data_through=last)


def deleted_days(warehouse: Warehouse, dice: Random) -> None:
    """Raw rows that are gone, with no load that says so."""
    warehouse.delete("linkedin_ads.campaign_analytics", "date between ? and ?", *_window(warehouse, dice))


def corrected_row(warehouse: Warehouse, dice: Random) -> None:
    """One raw number that is another one, with no load that says so."""
    table = "update linkedin_ads.campaign_analytics set"
    day = _window(warehouse, dice)[0]
    warehouse.run(f"{table} one_click_leads = one_click_leads + 1 where date = ? and campaign_id = 'c2'", day)


def renamed_campaign(warehouse: Warehouse, dice: Random) -> None:
    example.name_campaigns(warehouse, **{dice.choice(["c1", "c2", "c3"]): f"Brand <b>{dice.randint(1, 9)}</b>"})


def renamed_account(warehouse: Warehouse, dice: Random) -> None:
    name, account = f"Acme {dice.randint(3, 99)}", dice.choice("12")
    warehouse.run("update linkedin_ads.accounts set name = ? where id = ?", name, account)


def new_campaign(warehouse: Warehouse, dice: Random) -> None:
    first = _window(warehouse, dice)[0]
    id_ = f"n{dice.randint(1, 5)}"
    rows = example.analytics(warehouse, first, warehouse.today, seed=3, **{id_: "1"})
    warehouse.delete("linkedin_ads.campaign_analytics", "campaign_id = ?", id_)
    warehouse.add("linkedin_ads.campaign_analytics", [row for row in rows if row["campaign_id"] == id_])
    warehouse.loaded("linkedin_ads", "1", window_from=first)


def files_changed(warehouse: Warehouse, dice: Random) -> None:
    """Files come and go, with what they say."""
    rows = example.webinars(warehouse, files=dice.randint(1, 3))
    moved = [{**row, "value": row["value"] + dice.randint(0, 1)} for row in rows]
    warehouse.put("files.measures", moved)
    warehouse.loaded("webinars", data_through=max(row["date"] for row in moved), window_from=date(2026, 7, 2))


def failed_load(warehouse: Warehouse, dice: Random) -> None:
    account = dice.choice(["1", "2", ""])
    warehouse.loaded("linkedin_ads", account, state="failed", data_through=None, window_to=None, error="401")


def corrected_rate(warehouse: Warehouse, dice: Random) -> None:
    rates = [dict(row) for row in example.rates(warehouse.today)]
    dice.choice(rates)["rate"] = dice.randint(40, 160) / 100
    if dice.random() < 0.3:
        # More than a week without any.
        first = dice.randrange(len(rates) - 3)
        del rates[first : first + 3]
    warehouse.put("definitions.exchange_rates", rates)


def other_settings(warehouse: Warehouse, dice: Random) -> None:
    changed: dict[str, Any] = dice.choice(
        [
            {"status_on_track": 0.99, "status_at_risk": 0.5},
            {"language": "es", "locale": "es-ES"},
            {"grace": 0.3, "success_committed": 0.9},
            {"gate_stale_after_days": 1, "check_in_stale_after_days": 2},
            {"currency": "USD"},
            {"currency": "EUR"},
        ]
    )
    warehouse.put("definitions.settings", [{**warehouse.row("from definitions.settings"), **changed}])


def other_money(warehouse: Warehouse, dice: Random) -> None:
    """A measure is money, or is none any longer."""
    measure = dice.choice(["spend", "conversion_value", "clicks", "guests"])
    warehouse.run("update definitions.measures set is_money = not is_money where measure = ?", measure)


def other_kpi(warehouse: Warehouse, dice: Random) -> None:
    if dice.random() < 0.5:
        example.define_kpis(warehouse, pattern=dice.choice(["%", "%c1%", "Brand%", "no campaign"]))
    else:
        measure, kpi = dice.choice(["clicks", "leads", "impressions"]), dice.choice(["leads", "spend"])
        warehouse.run("update definitions.kpis set measure = ? where kpi_id = ?", measure, kpi)


def other_channel(warehouse: Warehouse, dice: Random) -> None:
    """A channel is on or off, or its days stay provisional for longer."""
    channels = warehouse.rows("from definitions.channels")
    if dice.random() < 0.3:
        channels = [row for row in channels if row["channel"] != "webinars"]
    for row in channels:
        row["lookback_days"] = dice.choice([0, 7, 30]) if row["kind"] == "ads" else 0
    warehouse.put("definitions.channels", channels)


def moved_target(warehouse: Warehouse, dice: Random) -> None:
    key_result, target = f"o{dice.randint(1, 3)}_k{dice.choice([3, 4, 5])}", dice.randint(10, 90_000)
    table = "update definitions.key_results set"
    warehouse.run(f"{table} target = ?, signature = ? where key_result_id = ?", target, str(target), key_result)


def other_weight(warehouse: Warehouse, dice: Random) -> None:
    key_result, weight = f"o{dice.randint(1, 3)}_k{dice.randint(1, 12)}", dice.choice([0.5, 3.0, 7.0])
    warehouse.run("update definitions.key_results set weight = ? where key_result_id = ?", weight, key_result)


def key_results_gone(warehouse: Warehouse, dice: Random) -> None:
    """One, with all that belongs to it."""
    warehouse.delete("definitions.key_results", "key_result_id = ?", f"o{dice.randint(1, 3)}_k{dice.randint(1, 12)}")
    _drop_what_belongs_to_none(warehouse)


def _drop_what_belongs_to_none(warehouse: Warehouse) -> None:
    """Definitions let nothing name a key result that is not there."""
    tables = warehouse.rows(
        "select table_name from duckdb_columns() where schema_name = 'definitions' and column_name = 'key_result_id'"
    )
    known = "select key_result_id from definitions.key_results"
    for table in tables:
        warehouse.delete(f"definitions.{table['table_name']}", f"key_result_id not in ({known})")
    said = "select check_in_id from definitions.check_ins"
    warehouse.delete("definitions.check_in_milestones", f"check_in_id not in ({said})")


def key_results_back(warehouse: Warehouse, dice: Random) -> None:
    """All as at first, with weights, targets and pace tables."""
    del dice
    example.define_objectives(warehouse)


def late_check_in(warehouse: Warehouse, dice: Random) -> None:
    """A grade of any day, of a quarter that is over too, and one of tomorrow, which counts a day later."""
    day = _window(warehouse, dice)[1]
    grade = {"key_result_id": "o1_k12", "date": day, "grade": dice.randint(0, 10) / 10, "author": "Eva"}
    value = {"key_result_id": "o2_k8", "date": day, "value": dice.randint(0, 9), "author": "Eva"}
    tomorrow = {"key_result_id": "o1_k11", "date": warehouse.today + timedelta(days=1), "met": False, "author": "Eva"}
    example.check_in(warehouse, grade, value, tomorrow)
    _drop_what_belongs_to_none(warehouse)


def moved_milestone(warehouse: Warehouse, dice: Random) -> None:
    day, weight = _window(warehouse, dice)[1], dice.choice([1.0, 2.5])
    warehouse.run("update definitions.milestones set due = ?, weight = ? where milestone_id = 'm1'", day, weight)


def moved_pace(warehouse: Warehouse, dice: Random) -> None:
    warehouse.run("update definitions.pace_points set share = ? where share = 0.5", dice.choice([0.3, 0.7]))


def other_ambition(warehouse: Warehouse, dice: Random) -> None:
    objective = f"o{dice.randint(1, 3)}"
    table = "update definitions.objectives set"
    warehouse.run(
        f"{table} ambition = if(ambition = 'committed', 'aspirational', 'committed') where objective_id = ?", objective
    )


def published(warehouse: Warehouse, dice: Random) -> None:
    del dice
    warehouse.publish()


OF_EVERY_INPUT: tuple[Change, ...] = (
    a_day_later, days_pass, restated_days, deleted_days, corrected_row, renamed_campaign, renamed_account, new_campaign,
    files_changed, failed_load, corrected_rate, other_settings, other_money, other_kpi, other_channel, moved_target,
    other_weight, key_results_gone, key_results_back, late_check_in, moved_milestone, moved_pace, other_ambition,
    published,
)  # fmt: skip


def _window(warehouse: Warehouse, dice: Random) -> tuple[date, date]:
    first = example.FIRST_DAY + timedelta(days=dice.randrange((warehouse.today - example.FIRST_DAY).days - 1))
    return first, min(first + timedelta(days=dice.randint(1, 12)), warehouse.today - timedelta(days=1))
