"""Which KPIs are watched and muted: what definitions say, what is refused, and what `okr mute` writes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from okr_reports.errors import OkrError
from okr_reports.okrs.mute import write_mute
from okr_reports.okrs.rows import said
from tests.okrs.conftest import TODAY

MONTHS = """\
file_sources:
  - {id: crm, path: crm.csv, channel: crm, date: month, grain: month, measures: {deals: deals}}
kpis:
  - {id: deals, kind: flow, measure: deals, where: {channel: crm}, unit: count, better: higher}
"""


def test_all_or_some_are_watched(folder):
    folder.write("alerts.yml", "alerts: {kpis: [leads, ctr], to: [ana@example.com]}")
    defined = folder.good()
    assert [row["kpi_id"] for row in said.alerts(defined)] == ["leads", "ctr"]
    assert defined.alerts.to == ["ana@example.com"]
    folder.write("alerts.yml", "alerts: {kpis: all}")
    folder.write("months.yml", MONTHS)
    folder.write("crm.csv", "month,deals\n2026-10,3\n")
    rows = {row["kpi_id"]: row["is_daily"] for row in said.alerts(folder.good())}
    assert len(rows) == 7
    assert {name for name, is_daily in rows.items() if not is_daily} == {"viewers", "deals"}


@pytest.mark.parametrize(
    ("written", "said_of_it"),
    [
        ("alerts: {kpis: [lead]}", "error: the KPI `lead` does not exist"),
        ("alerts: {kpis: leads}", "`leads` names no KPIs; write `kpis: all`"),
        ("alerts: {to: [ana@example.com]}", "kpis"),
        ("alerts: {kpis: all, to: [ana]}", "error: "),
        ("alerts: {kpis: all, who: [ana]}", "error: unknown key `who`"),
        ("alerts: {kpis: [viewers]}", "warning: the days of `viewers` say nothing by themselves"),
        ("mutes: [{kpi: lead}]", "error: the KPI `lead` does not exist"),
        ("mutes: [{kpi: leads, until: soon}]", "error: "),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_line(folder, written, said_of_it):
    folder.write("alerts.yml", written)
    found = folder.findings()
    assert any(line.startswith("alerts.yml:1: ") and said_of_it in line for line in found), found


def test_alerts_stand_once(folder):
    folder.write("a.yml", "alerts: {kpis: all}")
    folder.write("b.yml", "alerts: {kpis: [leads]}")
    (line,) = folder.findings()
    assert line == "b.yml:1: error: alerts stand already at a.yml:1; keep one of them"


def test_a_mute_is_a_file_that_is_read_again(folder):
    tomorrow = TODAY + timedelta(days=1)
    defined = folder.good()
    path = write_mute(folder.path, defined, kpi="leads", until=tomorrow, reason='a "new"\nform: #1', today=TODAY)
    assert path == folder.path / "mutes" / "leads_2026-11-24.yml"
    defined = folder.good()
    assert [(one.kpi, one.until, one.reason) for one in defined.mutes] == [("leads", tomorrow, 'a "new" form: #1')]
    with pytest.raises(OkrError, match=r"is muted through 2026-11-24 already at .*leads_2026-11-24\.yml:3"):
        write_mute(folder.path, defined, kpi="leads", until=TODAY, reason=None, today=TODAY)
    write_mute(folder.path, defined, kpi="leads", until=None, reason=None, today=TODAY)
    defined = folder.good()
    assert list(said.mutes(defined)) == [{"kpi_id": "leads", "muted_through": None}]
    with pytest.raises(OkrError, match="is muted through"):
        write_mute(folder.path, defined, kpi="leads", until=tomorrow, reason=None, today=TODAY)
    with pytest.raises(OkrError, match="is muted"):
        write_mute(folder.path, defined, kpi="leads", until=None, reason=None, today=TODAY)
    assert len(list((folder.path / "mutes").iterdir())) == 2


@pytest.mark.parametrize(
    ("kpi", "until", "why"),
    [("lead", None, "does not exist; .*leads"), ("leads", TODAY - timedelta(days=1), "is over, today is 2026-11-23")],
)
def test_what_mutes_nothing_is_refused(folder, kpi: str, until: date | None, why: str):
    with pytest.raises(OkrError, match=why):
        write_mute(folder.path, folder.good(), kpi=kpi, until=until, reason=None, today=TODAY)
    assert not (folder.path / "mutes").exists()
