"""Lives of a warehouse for comparing two versions of the models: what changes before each of its builds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

import duckdb
from hypothesis import HealthCheck, Phase, given, settings

from okr_reports.common.sql_text import quoted_name, quoted_text
from tests.dbt_project import changes, companies, company_rows, example
from tests.dbt_project.warehouse import Warehouse

TODAY = date(2026, 11, 23)
# Schemas that the models make; everything else is raw.
MADE = ("staging", "intermediate", "marts", "main")


@dataclass(frozen=True)
class Day:
    """What happens to a warehouse before a build."""

    name: str
    changes: tuple[Callable[[Warehouse], None], ...]


def of_the_example(builds: int = 12, seed: int = 1) -> Iterator[Day]:
    """The example company: founded, then changed at random, four changes before each build."""
    yield Day("the example company is founded", (example.found,))
    dice = Random(seed)
    for _ in range(1, builds):
        kinds = [changes.a_day_later, *dice.sample(changes.OF_EVERY_INPUT[1:], 4)]
        # Each warehouse throws dice of its own that fall alike.
        chosen = tuple(_thrown(kind, dice.random()) for kind in kinds)
        name = ", ".join(kind.__name__ for kind in kinds)
        yield Day(f"the example company, {name}", chosen)


def of_companies(workspaces: int) -> Iterator[Day]:
    """Random objectives of every type and kind, all in one warehouse, through three days."""
    found: list[companies.Objective] = []

    @settings(
        max_examples=workspaces,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(companies.objectives())
    def collect(objective: companies.Objective) -> None:
        found.append(objective)

    collect()
    objectives = companies.named(found, "w")
    yield Day(f"{len(objectives)} random workspaces", (lambda warehouse: company_rows.fill(warehouse, objectives),))
    for number in (1, 3):
        yield Day(f"the same, {number} days later", (lambda one, days=number: _later(one, days),))


def of_a_workspace() -> Iterator[Day]:
    """A refreshed workspace's raw tables: as they are, then days with changes of what LinkedIn and definitions say."""
    yield Day("the workspace as it is", ())
    days: list[tuple[str, str]] = [
        ("restated days", "update linkedin_ads.campaign_analytics set one_click_leads = one_click_leads + 1"
         " where date between date '2026-10-20' and date '2026-11-02'"),
        ("deleted days", "delete from linkedin_ads.campaign_analytics where date between date '2026-09-03' and"
         " date '2026-09-06'"),
        ("renamed campaigns", "update linkedin_ads.campaigns set name = name || ' 2' where hash(id) % 3 = 0"),
        ("a corrected rate", "update definitions.exchange_rates set rate = rate * 1.5 where date = date '2026-10-01'"),
        ("moved targets", "update definitions.key_results set target = target * 1.25, signature = signature || 'x'"
         " where target is not null and hash(key_result_id) % 2 = 0"),
        ("a file less", "delete from files.measures"
         " where source_file = (select min(source_file) from files.measures)"),
        ("doubled amounts", "update hubspot.deals set amount = amount * 2"),
        ("late grades", "update definitions.check_ins set date = date - 3, confidence = 0.2 where confidence > 0.5"),
        ("fewer KPIs", "delete from definitions.kpi_conditions where condition_no > 1"),
    ]  # fmt: skip
    for name, sql in days:
        yield Day(f"the workspace, {name}", (lambda one: _later(one, 1), lambda one, sql=sql: one.run(sql)))


def take_raw(warehouse: Warehouse, source: Path) -> None:
    """The raw tables of another warehouse, definitions and what the refresh wrote down; nothing that models made."""
    with duckdb.connect() as connection:
        connection.execute(f"attach {quoted_text(str(source))} as source (read_only)")
        warehouse.path.unlink()
        connection.execute(f"attach {quoted_text(str(warehouse.path))} as target")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'source'"
            " and not list_contains(?, schema_name)",
            [list(MADE)],
        ).fetchall()
        for schema in sorted({schema for schema, _ in tables}):
            connection.execute(f"create schema if not exists target.{quoted_name(schema)}")
        for schema, table in tables:
            name = f"{quoted_name(schema)}.{quoted_name(table)}"
            connection.execute(f"create table target.{name} as from source.{name}")
    warehouse.today = warehouse.row("select today from definitions.context")["today"]
    moment = warehouse.row("select refreshed_at at time zone 'UTC' as moment, refresh_id from definitions.context")
    warehouse.refresh_id, warehouse.moment = moment["refresh_id"], moment["moment"]


def _later(warehouse: Warehouse, days: int) -> None:
    """The clock moves on, and a refresh of that day begins."""
    warehouse.today += timedelta(days=days)
    warehouse.refresh_id += "+"
    warehouse.moment += timedelta(days=days)
    warehouse.run(
        "update definitions.context set today = ?, refresh_id = ?, refreshed_at = ?",
        warehouse.today,
        warehouse.refresh_id,
        warehouse.moment,
    )


def _thrown(change: changes.Change, seed: float) -> Callable[[Warehouse], None]:
    return lambda warehouse: change(warehouse, Random(seed))
