"""The models keep to the house: described, short, portable, tested beside themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import sqlglot
import yaml

from okr_reports.okrs.tables import TABLES
from okr_reports.warehouse import transform
from tests.dbt_project import example
from tests.dbt_project.conftest import TODAY
from tests.dbt_project.warehouse import Warehouse

PROJECT = Path("dbt_project")
MODELS = sorted((PROJECT / "models").rglob("*.sql"))


@pytest.fixture(scope="module")
def built(only_warehouse: Warehouse) -> Warehouse:
    """The example company after a full build with every test of the project."""
    warehouse = only_warehouse.emptied(TODAY)
    example.found(warehouse)
    transform.invoke(warehouse.workspace, ["build"])
    return warehouse


def models(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (node for node in manifest["nodes"].values() if node["resource_type"] == "model")


def test_every_model_has_its_description_beside_it_and_ends_it_with_its_grain() -> None:
    for path in MODELS:
        (model,) = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))["models"]
        assert model["name"] == path.stem
        last_sentence = [part for part in model["description"].rstrip(". ").split(". ") if part][-1]
        assert last_sentence.startswith("One row"), path


def test_staging_alone_reads_sources_and_names_every_column_of_definitions(manifest: dict[str, Any]) -> None:
    readers = [
        one for one in models(manifest) if any(name.startswith("source.") for name in one["depends_on"]["nodes"])
    ]
    assert not [one["name"] for one in readers if one["fqn"][1] != "staging"]
    for table, schema in TABLES.items():
        (model,) = (one for one in readers if one["name"] == f"stg_definitions__{table}")
        # Where something is defined, and SQL that is compiled in, concern no row.
        assert set(model["columns"]) == set(schema.names) - {"path", "line", "expected_value"}, table


def test_every_subject_has_a_unit_test_beside_one_of_its_models(manifest: dict[str, Any]) -> None:
    subjects = {one["fqn"][2] for one in models(manifest) if one["fqn"][1] == "intermediate"}
    assert subjects <= {one["original_file_path"].split("/")[2] for one in manifest["unit_tests"].values()}


def test_models_are_short() -> None:
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in MODELS]
    assert median(lengths) <= 40
    # A CRM has no days: three kinds of objects become them there.
    longer = {path.name for path, length in zip(MODELS, lengths, strict=True) if length > 100}
    # Each half would be passed through (test_graph.py): a forecast, a KPI's sources, all columns of now.
    assert longer <= {
        "stg_hubspot__measures.sql",
        "int_kpi_days_summed.sql",
        "int_kpi_sources_matched.sql",
        "int_file_measures_covered.sql",
        "int_forecast_days_listed.sql",
        # What was published, and before it what the method says today, have one shape.
        "fct_key_result_forecast.sql",
        # Three kinds of alerts have one shape.
        "int_alerts_raised.sql",
        "int_key_results_current.sql",
        "int_campaign_names_spanned.sql",
        "key_result_drivers.sql",
        "key_results.sql",
        # What is closed is kept with all that it was closed under.
        "int_key_result_closed.sql",
        "int_closings_decided.sql",
        "int_objective_closed.sql",
        "int_closings_compared.sql",
        "int_targets_resolved.sql",
    }


def test_lines_of_models_have_120_characters_at_most() -> None:
    long = [
        f"{path}:{number}"
        for path in MODELS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 120
    ]
    assert not long


def test_every_mart_is_described_in_the_database_itself(built: Warehouse) -> None:
    silent = built.rows(
        """
        select table_name as name from duckdb_tables() where schema_name = 'marts' and comment is null
        union all
        select table_name || '.' || column_name from duckdb_columns()
        where schema_name in ('marts', 'staging') and comment is null
        """
    )
    assert not silent


def test_every_mart_and_staging_model_has_an_enforced_contract(manifest: dict[str, Any]) -> None:
    loose = {node["name"] for node in models(manifest) if not node["config"]["contract"]["enforced"]}
    assert all(name.startswith("int_") for name in loose)


def test_every_mart_has_a_tested_key(manifest: dict[str, Any]) -> None:
    tested = set(manifest["nodes"]["test.okr_reports.keys_of_marts_hold"]["depends_on"]["nodes"])
    keyless = {
        node["name"] for node in models(manifest)
        if node["schema"] == "marts" and node["unique_id"] not in tested
        and not any(constraint["type"] == "primary_key" for constraint in node["constraints"])
    }  # fmt: skip
    # One row has no key; facts have that of the carried table they show.
    assert keyless == {"report_context", "fct_ad_daily", "fct_measure_daily"}


@pytest.mark.parametrize("dialect", ["spark", "postgres", "snowflake", "bigquery"])
def test_compiled_models_can_be_said_in_other_dialects(manifest: dict[str, Any], dialect: str) -> None:
    # BigQuery cannot say where nulls come in a window's order; no column that we order by is ever null.
    level = sqlglot.ErrorLevel.WARN if dialect == "bigquery" else sqlglot.ErrorLevel.RAISE
    for node in models(manifest):
        sqlglot.transpile(node["compiled_code"], read="duckdb", write=dialect, unsupported_level=level)


# What a query or a table in it is called says what its rows are.
_NAMELESS = "(?:asked|told|untold|said|one|brought)"
NAMELESS = re.compile(rf"\b{_NAMELESS}\s+as\s+\(|\bas\s+{_NAMELESS}\b")


def test_names_in_queries_say_what_they_hold() -> None:
    assert not [path for path in MODELS if NAMELESS.search(path.read_text(encoding="utf-8"))]
    assert NAMELESS.search("asked as (\n    select 1")


def test_no_sentence_is_written_or_read_in_sql(manifest: dict[str, Any]) -> None:
    for node in models(manifest):
        code = re.sub(r"--[^\n]*", "", node["compiled_code"])
        sentences = [text for text in re.findall(r"'([^'\n]*)'", code) if re.search("(?i)[a-z]{2} [a-z]{2}", text)]
        assert not sentences, node["name"]
        assert not re.search(r"regexp|similar to|rlike", code), node["name"]


def test_engine_words_stay_in_macros() -> None:
    forbidden = (
        "::",
        "qualify",
        "group by all",
        "order by all",
        "read_json",
        "read_csv",
        " exclude ",
        "list_",
        "struct_",
    )
    for path in MODELS:
        code = path.read_text(encoding="utf-8").lower()
        assert not [word for word in forbidden if word in code], path
