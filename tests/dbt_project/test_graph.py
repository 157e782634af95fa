"""The graph of models is one that a newcomer can follow: its figures are printed and held.

The rules of dbt-project-evaluator (dbt Labs) are among them, by tests of our own: its package brings dbt_utils and
builds models of its own in the warehouse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.dbt_project.graph import Graph

MODELS = Path("dbt_project/models")
# Only the past knows their rows: a view or a table made anew would lose them.
HISTORIES = {
    "int_target_version", "int_campaigns_named", "int_resolved_target", "fct_key_result_reported",
    "int_key_result_closed", "int_campaign_closed", "int_objective_closed", "int_kpi_version",
    "int_plan_days_kept",
}  # fmt: skip
CARRIED = {"int_measures_converted", "int_measures_summed", "int_ads_pivoted", "int_measure_days_built"}
# The public contract fixes these names (docs): marts without a prefix.
UNPREFIXED = {
    "health_gate", "initiatives", "key_result_drivers", "key_result_kpis", "key_result_milestones", "key_result_pace",
    "key_result_people", "key_result_sources", "key_result_versions", "key_result_weeks", "key_results",
    "kpi_alerts", "kpi_channels", "kpi_days_otherwise", "kpi_events", "kpi_versions", "objectives", "report_context",
    "source_health", "source_measures",
}  # fmt: skip
# Read by many since they are what settings and the clock say: one row each.
ONE_ROW = {"stg_definitions__context", "stg_definitions__settings"}
VERB = re.compile(r"(ed|learnt|known|built|forecast|done|current|kept)(_to_campaigns|_to_sources)?$")


@pytest.fixture(scope="module")
def graph(manifest: dict[str, Any]) -> Graph:
    return Graph.of(manifest)


def lines_of(code: str) -> int:
    return sum(1 for line in code.splitlines() if line.strip())


def test_the_figures_hold(graph: Graph, capsys: pytest.CaptureFixture[str]) -> None:
    depths = {name: graph.depth(name) for name in graph.models}
    deepest = max(depths, key=lambda name: depths[name])
    compiled = {name: lines_of(one["compiled_code"]) for name, one in graph.models.items()}
    longest = max(compiled, key=lambda name: compiled[name])
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in MODELS.rglob("*.sql")]
    with capsys.disabled():
        print(
            f"\n{len(graph.models)} models; raw to key_results {depths['key_results']}, deepest {depths[deepest]}"
            f" ({deepest}); passed through {graph.passed_through()}; longest compiled {compiled[longest]} ({longest});"
            f" SQL median {median(lengths):.0f} lines"
        )
    assert depths["key_results"] <= 14
    assert depths[deepest] <= 16
    assert len(graph.passed_through()) <= 1
    assert compiled[longest] <= 200
    assert median(lengths) <= 40


def test_staging_alone_reads_sources_one_a_model_and_reads_no_model(graph: Graph) -> None:
    assert not [name for name in graph.models if graph.sources(name) and graph.layer(name) != "staging"]
    # What has no source of its own is made from nothing: a root model.
    assert not [name for name in graph.models if not graph.sources(name) and not graph.parents[name]]


def test_marts_are_read_by_marts_alone(graph: Graph) -> None:
    readers = {(parent, name) for name, parents in graph.parents.items() for parent in parents}
    assert not {(one, by) for one, by in readers if graph.layer(one) == "marts" and graph.layer(by) != "marts"}


def test_nothing_is_ephemeral_and_only_facts_and_histories_are_carried(graph: Graph) -> None:
    by_kind: dict[str, set[str]] = {}
    for name, one in graph.models.items():
        by_kind.setdefault(one["config"]["materialized"], set()).add(name)
    assert set(by_kind) == {"view", "table", "incremental"}
    assert by_kind["incremental"] == HISTORIES | CARRIED
    assert {name for name, one in graph.models.items() if one["config"]["full_refresh"] is False} == HISTORIES


def test_a_day_is_whole_only_after_the_tests_of_what_changed(graph: Graph, manifest: dict[str, Any]) -> None:
    """Such a test looks at a day once: where it fails, dbt skips what rests on the model, and the day stays changed."""
    tested = {
        one["attached_node"].rpartition(".")[2] for one in manifest["nodes"].values()
        if "changed" in one.get("test_metadata", {}).get("kwargs", {})
    }  # fmt: skip
    assert tested == {"int_measures_summed", "int_ads_pivoted"}
    assert tested <= set(graph.parents["int_measure_days_built"])


def test_every_model_is_read_or_is_a_mart(graph: Graph) -> None:
    unused = {name for name, children in graph.children.items() if not children and graph.layer(name) != "marts"}
    # The build itself reads it before it writes it again.
    assert unused == {"int_measure_days_built"}


def test_names_say_layer_and_subject(graph: Graph) -> None:
    for name in graph.models:
        layer = graph.layer(name)
        if layer == "staging":
            assert name.startswith(f"stg_{graph.subject(name)}__"), name
        elif layer == "intermediate":
            assert name.startswith("int_"), name
            assert graph.subject(name), name
            assert VERB.search(name) or name in {"int_target_version", "int_resolved_target", "int_kpi_version"}, name
        else:
            assert name.startswith(("dim_", "fct_")) or name in UNPREFIXED, name


def test_no_relation_is_named_in_sql(graph: Graph) -> None:
    schemas = ("staging", "intermediate", "marts", "definitions", "ops")
    hard = re.compile(rf"\b(?:from|join)\s+\"?(?:{'|'.join(schemas)})\"?\.", re.IGNORECASE)
    assert not [name for name, one in graph.models.items() if hard.search(one["raw_code"])]


def test_every_folder_has_its_page_of_which_every_model_is_named(graph: Graph) -> None:
    folders = {path.parent for path in MODELS.rglob("*.sql")}
    for folder in folders:
        if folder.parent.name == "staging" and folder.name not in ("definitions", "ops"):
            # A channel's staging models are described once for all of them.
            folder = folder.parent
        page = folder / "README.md"
        assert page.exists(), folder
        assert len([line for line in page.read_text(encoding="utf-8").splitlines() if line.strip()]) <= 14, page
    for name in graph.models:
        if graph.layer(name) == "intermediate":
            page = MODELS / "intermediate" / graph.subject(name) / "README.md"
            assert f"`{name}`" in page.read_text(encoding="utf-8"), name
    order = (MODELS / "intermediate" / "README.md").read_text(encoding="utf-8")
    assert not [name for name in graph.models if f"`{graph.subject(name)}/`" not in order and "int_" in name]
    pages = {page: page.read_text(encoding="utf-8") for page in MODELS.rglob("README.md")}
    named = {(page, name) for page, text in pages.items() for name in re.findall(r"`((?:int|stg|fct|dim)_\w+)`", text)}
    # C is any channel.
    assert not {(page, name) for page, name in named if name not in graph.models and not name.startswith("stg_C__")}


def described(graph: Graph) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, one) for name, one in graph.models.items() if graph.layer(name) != "intermediate")


def test_no_column_is_undescribed(graph: Graph) -> None:
    silent = [
        f"{name}.{column['name']}"
        for name, one in graph.models.items()
        for column in one["columns"].values()
        if not column["description"].strip()
    ]
    assert not silent
    assert not [name for name, one in described(graph) if not one["columns"]]
    assert not [name for name, one in graph.models.items() if not one["description"]]


# Columns that hold one of a few codes, by their names; a campaign's status is its vendor's word.
CODES = re.compile(
    r"(^|_)(status|status_now|state|kind|grain|unit|weeks_unit|better|ambition|role|origin|code|because|hold|names_of"
    r"|comparison|dimension|shape|reads|forecast_side|operator|rule)$"
)
LISTED = re.compile(r"\('(\w+)', '(\w+)', ")
# Ids of rows of other models. What was reported, closed or a version stays when what it names has gone.
NAMED = re.compile(r"^(plan_|weakest_|measure_)?(kpi_id|key_result_id|objective_id)$|^(event|person|milestone)_id$")
MAY_BE_GONE = {
    "fct_key_result_daily", "fct_key_result_final", "fct_key_result_reported", "fct_objective_final",
    "key_result_versions", "kpi_versions", "stg_definitions__mutes", "stg_definitions__reopenings",
}  # fmt: skip


def listed(test: str) -> set[tuple[str, str]]:
    return set(LISTED.findall(Path(f"dbt_project/tests/{test}.sql").read_text(encoding="utf-8")))


def columns(graph: Graph) -> Iterator[tuple[str, str]]:
    return ((name, column) for name, model in described(graph) for column in model["columns"])


def test_every_code_of_marts_and_staging_has_its_accepted_values(graph: Graph) -> None:
    codes = {
        (name, column)
        for name, column in columns(graph)
        if CODES.search(column) and not name.endswith("__campaigns") and name != "dim_campaign"
        if graph.models[name]["columns"][column]["data_type"] == "varchar"
    }
    assert len(codes) > 60
    assert codes - listed("codes_are_known") == set()


def test_every_id_of_another_model_has_its_relationship(graph: Graph) -> None:
    text = Path("dbt_project/tests/relationships_hold.sql").read_text(encoding="utf-8")
    keys = set(re.findall(r", '(\w+)', '(\w+)'\)", text))
    ids = {(name, column) for name, column in columns(graph) if NAMED.search(column) and name not in MAY_BE_GONE}
    assert len(ids) > 40
    assert ids - keys - listed("relationships_hold") == set()
