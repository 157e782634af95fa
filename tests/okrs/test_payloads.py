"""SQL and templates in the definitions are text: they land letter by letter, and nothing of them runs."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import duckdb
import pytest

from okr_reports.okrs import check
from okr_reports.okrs.rows import to_tables
from okr_reports.okrs.source import land
from okr_reports.okrs.tables import TABLES

PAYLOADS = [
    "'; drop table definitions.kpis; --",
    '"; drop schema definitions cascade; --',
    "' or '1'='1",
    "') union select getenv('HOME') --",
    "$$; copy definitions.kpis to 'stolen.csv'; $$",
    "{{ 7 * 7 }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{{ env_var('HOME') }}{{ config.__init__.__globals__ }}",
    "${jndi:ldap://127.0.0.1/a} #{7*7} <%= 7*7 %> `id` $(id)",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://127.0.0.1")',
    "\\'; attach 'x.db'; --\\",
    "%s %(name)s ? $1 :name {0}",
    "שלום \u202eabc 日本 🎯 ﷽",
]


ORGANISATION = " ".join(PAYLOADS)


def definitions_full_of_payloads() -> str:
    """Every field that takes free text, once with each payload, written as JSON, which is YAML."""
    lists: dict[str, list] = {
        "periods": [], "teams": [], "kpis": [], "objectives": [], "check_ins": [], "notes": [],
    }  # fmt: skip
    for number, payload in enumerate(PAYLOADS):
        texts = {"es": payload, "en": payload}
        where = {
            "account_id": payload, "account_name": [payload, "x"], "campaign_group_name": {"like": payload},
            "campaign_id": {"not": payload}, "campaign_name": {"not": {"like": payload}}, "source_file": [payload],
        }  # fmt: skip
        scored = {
            "id": f"k{number}", "title": texts, "type": "milestones", "milestones": [{"id": "m", "title": payload}],
        }  # fmt: skip
        lists["periods"].append({"id": f"p{number}", "title": texts, "start": "2026-11-01", "end": "2026-12-01"})
        lists["teams"].append({"id": f"t{number}", "title": payload})
        lists["kpis"].append({
            "id": f"k{number}", "title": payload, "description": texts, "kind": "flow", "measure": "clicks",
            "where": where,
        })  # fmt: skip
        lists["objectives"].append({
            "id": f"o{number}", "title": texts, "description": payload, "period": f"p{number}", "team": f"t{number}",
            "owner": payload, "approved": {"by": [payload], "on": "2026-10-01"}, "key_results": [scored],
            "initiatives": [{"title": texts, "owner": payload}],
        })  # fmt: skip
        said = {"author": payload, "note": payload, "next": payload}
        lists["check_ins"].append({"date": "2026-11-02", "key_result": f"k{number}", **said})
        lists["notes"].append({"date": "2026-11-02", "on": f"kpi/k{number}", "text": payload})
    settings = {"organisation": ORGANISATION, "currency": "EUR", "timezone": "UTC", "locale": "en-GB"}
    return json.dumps({"settings": settings, **lists}, ensure_ascii=False)


TEXT_COLUMNS = {
    "periods": ["title"],
    "teams": ["title"],
    "kpis": ["title", "description"],
    "objectives": ["title", "description", "owner", "approved_by"],
    "key_results": ["title"],
    "milestones": ["title"],
    "initiatives": ["title", "owner"],
    "check_ins": ["author", "note", "next"],
    "notes": ["text"],
}


@pytest.fixture(scope="module")
def landed(tmp_path_factory):
    """The folder of a warehouse that the payloads were landed in, and the rows that are there now."""
    place = tmp_path_factory.mktemp("payloads")
    (place / "okr_definitions").mkdir()
    (place / "okr_definitions" / "a.yml").write_text(definitions_full_of_payloads(), encoding="utf-8")
    definitions, findings = check(place / "okr_definitions", today=date(2026, 11, 23))
    assert definitions is not None, findings
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    tables = to_tables(definitions, today=date(2026, 11, 23), refresh_id="r", refreshed_at=moment, channels=[])
    land(tables, warehouse=place / "w.duckdb", pipelines_dir=place / "pipelines")
    with duckdb.connect(str(place / "w.duckdb"), read_only=True) as connection:
        names = {row[0] for row in connection.execute("show tables from definitions").fetchall()}
        rows = {name: connection.table(f"definitions.{name}").to_arrow_table().to_pylist() for name in TABLES}
    return place, names, rows


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_every_text_lands_letter_by_letter(landed, number):
    payload, (_, _, rows) = PAYLOADS[number], landed
    for table, columns in TEXT_COLUMNS.items():
        assert [rows[table][number][column] for column in columns] == [payload] * len(columns)
    assert json.loads(rows["objectives"][number]["title_texts"]) == {"es": payload, "en": payload}
    values = {
        (row["field"], row["operator"], row["value"]) for row in rows["kpi_conditions"] if row["kpi_id"] == f"k{number}"
    }
    assert values == {
        ("account_id", "in", payload),
        ("account_name", "in", payload),
        ("account_name", "in", "x"),
        ("campaign_group_name", "like", payload),
        ("campaign_id", "not_in", payload),
        ("campaign_name", "not_like", payload),
        ("source_file", "in", payload),
    }


def test_no_table_came_or_went_and_no_file_was_written(landed):
    place, names, rows = landed
    assert {name for name in names if not name.startswith("_dlt")} == set(TABLES)
    assert rows["settings"][0]["organisation"] == ORGANISATION
    assert sorted(path.name for path in place.iterdir()) == ["okr_definitions", "pipelines", "w.duckdb"]


@pytest.mark.parametrize(
    "entry",
    [
        "periods:\n- {id: %s, start: 2026-01-01, end: 2026-01-02}",
        "teams:\n- {id: %s}",
        "kpis:\n- {id: %s, kind: flow, measure: clicks}",
        "kpis:\n- {id: k, kind: flow, measure: %s}",
        "kpis:\n- {id: k, kind: ratio, numerator: %s, denominator: clicks}",
        "kpis:\n- {id: k, kind: ratio, numerator: clicks, denominator: %s}",
        "kpis:\n- {id: k, kind: %s, measure: clicks}",
        "kpis:\n- {id: k, kind: flow, measure: clicks, unit: %s}",
        "kpis:\n- {id: k, kind: flow, measure: clicks, where: {channel: %s}}",
        "kpis:\n- {id: k, kind: flow, measure: clicks, where: {%s: x}}",
        "objectives:\n- {id: %s, title: T, period: 2026}",
        "objectives:\n- {id: o, title: T, period: %s}",
        "objectives:\n- {id: o, title: T, period: 2026, team: %s}",
        "objectives:\n- {id: o, title: T, period: 2026, parent: %s}",
        "objectives:\n- {id: o, title: T, period: 2026, ambition: %s}",
        "objectives:\n- {id: o, title: T, period: 2026, key_results: [{id: %s, title: T, type: binary}]}",
        "objectives:\n- {id: o, title: T, period: 2026, key_results: [{id: k, title: T, type: %s}]}",
        "objectives:\n- {id: o, title: T, period: 2026, key_results: [{id: k, title: T, type: binary, kpis: %s}]}",
        "check_ins:\n- {date: 2026-11-02, key_result: %s, note: N}",
        "check_ins:\n- {date: %s, key_result: base_done, note: N}",
        "notes:\n- {date: 2026-11-02, on: %s, text: N}",
        "file_sources:\n- {id: %s, path: x.csv, channel: c, date: d, measures: {clicks: c}}",
        "file_sources:\n- {id: i, path: x.csv, channel: %s, date: d, measures: {clicks: c}}",
        "file_sources:\n- {id: i, path: x.csv, channel: c, date: d, measures: {%s: c}}",
        "settings:\n  currency: %s",
        "settings:\n  timezone: %s",
        "settings:\n  locale: %s",
    ],
)
@pytest.mark.parametrize("payload", PAYLOADS[:7])
def test_where_a_name_belongs_a_payload_is_refused(folder, entry, payload):
    folder.write("base.yml", "teams:\n")
    folder.write("a.yml", entry % json.dumps(payload, ensure_ascii=False) + "\n")
    definitions, findings = folder.check()
    assert definitions is None
    assert any(finding.line == 2 and finding.severity == "error" for finding in findings)
