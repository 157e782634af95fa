"""What is said of KPIs that count too much, too little or nothing: conditions, people, claims of several channels."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from okr_reports.catalogue import channels
from okr_reports.okrs.lints import Context, lint
from okr_reports.okrs.reading import read_folder
from okr_reports.okrs.rows.frame import kpis as kpi_rows
from tests.okrs.conftest import only


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("{channel: {like: 'nowhere%'}}", "no channel is like `nowhere%`"),
        ("{channel: []}", "the list is empty, so nothing would be counted"),
        ("{channel: {not: {not: x}}}", "only `like` may stand under `not`"),
        ("{channel: {ilike: x}}", "`ilike` is not a condition"),
        ("{campaign: x}", "unknown key `campaign`; did you mean `campaign_id`?"),
        ("{campaign_id: 1.5}", "`1.5` stands where a text belongs"),
        ("{channel: {not: {like: '%'}}}", "the conditions let no channel through"),
    ],
)
def test_a_condition_that_can_never_hold_is_an_error(folder, where, said):
    folder.write("kpi.yml", f"kpis:\n- {{id: k, kind: flow, measure: clicks, where: {where}}}\n")
    found = only(folder.findings())
    assert found.startswith("kpi.yml:2: error: ")
    assert said in found


def test_a_measure_that_the_channel_does_not_bring_is_an_error(folder):
    folder.write("a.csv", "date,visits\n")
    folder.write(
        "kpi.yml",
        "file_sources:\n- {id: web, path: a.csv, channel: web, date: date, measures: {visits: visits}}\n"
        "kpis:\n- {id: v, kind: flow, measure: visits, where: {channel: web}}\n"
        "- {id: w, kind: flow, measure: visits, where: {channel: linkedin_ads}}\n",
    )
    assert only(folder.findings()).startswith("kpi.yml:5: error: linkedin_ads does not bring the measure `visits`")
    people = "kpis:\n- {id: p, kind: distinct, measure: visits, where: {channel: web}}\n"
    folder.write("people.yml", people)
    assert any(found.startswith("people.yml:2: warning: `visits` comes day by day, and") for found in folder.findings())


@pytest.mark.parametrize(
    ("kpi", "said"),
    [
        ("kind: flow, measure: users", "`users` counts people once over an interval, and a flow would add its days"),
        ("kind: stock, measure: users", "a stock would add its days"),
        ("kind: ratio, numerator: sessions, denominator: users", "a ratio would add its days"),
        ("kind: distinct, measure: sessions", "`sessions` is not counted once over an interval by any channel here"),
    ],
)
def test_people_are_never_added_over_days(folder, kpi, said):
    folder.write("kpi.yml", f"kpis:\n- {{id: k, {kpi}, where: {{channel: ga4}}}}\n")
    found = only(folder.findings())
    assert found.startswith("kpi.yml:2: error: ")
    assert said in found


def _findings_with(folder, *names: str, on: set[str] | None = None) -> list[str]:
    """The findings where these are the ad channels there are, each described as LinkedIn Ads is."""
    described = {name: replace(channels()["linkedin_ads"], name=name) for name in names}
    context = Context(read_folder(folder.path).definitions, described, date(2026, 11, 23), on=on)
    return [str(finding).replace(f"{folder.path}/", "") for finding in lint(context)]


@pytest.mark.parametrize(
    ("kpi", "counted_twice"),
    [
        ("kind: flow, measure: conversions", True),
        ("kind: flow, measure: leads, where: {campaign_name: {not: {like: 'x%'}}}", True),
        ("kind: flow, measure: leads, where: {channel: [linkedin_ads, other_ads]}", True),
        ("kind: ratio, numerator: spend, denominator: leads, where: {channel: {like: '%ads'}}", True),
        ("kind: ratio, numerator: spend, denominator: conversions", True),
        ("kind: flow, measure: conversions, dedupe: acknowledged", False),
        ("kind: flow, measure: conversions, where: {channel: linkedin_ads}", False),
        ("kind: flow, measure: conversions, where: {channel: {not: other_ads}}", False),
        ("kind: flow, measure: conversions, where: {channel: {not: {like: 'other%'}}}", False),
        ("kind: flow, measure: spend", False),
    ],
)
def test_conversions_of_several_claiming_channels_need_a_word(folder, kpi, counted_twice):
    folder.write("kpi.yml", f"kpis:\n- {{id: k, {kpi}}}\n")
    found = _findings_with(folder, "linkedin_ads", "other_ads")
    of_two = [finding for finding in found if finding.startswith("kpi.yml")]
    assert ["linkedin_ads, other_ads, which claim the same" in finding for finding in of_two] == [True] * counted_twice
    # A price per lead over several channels is doubtful (the contract's own example), a sum of theirs is wrong.
    severity = "warning" if "denominator: leads" in kpi else "error"
    assert all(f": {severity}: " in finding for finding in of_two)
    assert not [finding for finding in _findings_with(folder, "linkedin_ads") if "claim the same" in finding]
    # Channels without settings bring nothing, unless the KPI names them.
    is_named = "[linkedin_ads, other_ads]" in kpi
    without = _findings_with(folder, "linkedin_ads", "other_ads", on={"linkedin_ads"})
    assert any("claim the same" in finding for finding in without) == is_named


def test_a_column_that_two_file_sources_count_is_a_warning(folder):
    folder.write("imports/a 1.csv", "date,visits,old_visits\n")
    common = "channel: web, date: date, measures"
    folder.write(
        "files.yml",
        f"file_sources:\n- {{id: web, path: imports/a 1.csv, {common}: {{visits: visits}}}}\n"
        f"- {{id: more, path: imports/*.csv, {common}: {{visits: old_visits}}}}\n"
        "- {id: other, path: imports/a 1.csv, channel: shop, date: date, measures: {visits: visits}}\n",
    )
    assert folder.findings() == []
    folder.write("z.yml", f"file_sources:\n- {{id: again, path: 'imp*/a*.csv', {common}: {{visits: visits}}}}\n")
    said = only(folder.findings())
    assert said.startswith("z.yml:2: warning: `web` takes visits of web from a 1.csv too, so it is counted twice")


@pytest.mark.parametrize(
    ("measure", "unit", "is_said"),
    [
        ("mrr: mrr", "currency", True),
        ("mrr: mrr", "number", False),
        ("mrr: {column: mrr, money: true}", "currency", False),
        ("mrr: {column: mrr, currency: USD}", "currency", False),
    ],
)
def test_a_currency_sign_needs_a_measure_that_is_money(folder, measure, unit, is_said):
    folder.write("f.csv", "day,mrr\n")
    folder.write("exchange_rates.csv", "date,currency,rate\n2026-11-02,USD,0.9\n")
    folder.write(
        "f.yml",
        f"file_sources:\n- {{id: f, path: f.csv, channel: f, date: day, measures: {{{measure}}}}}\n"
        f"kpis:\n- {{id: k, kind: flow, measure: mrr, where: {{channel: f}}, unit: {unit}, better: higher}}\n",
    )
    said = [finding for finding in folder.findings() if "is not money" in finding]
    assert bool(said) == is_said
    for finding in said:
        assert ": error: " in finding
        assert "money: true" in finding
        assert "write unit: number" in finding


def test_an_underscore_in_like_is_a_character_and_that_is_said(folder):
    folder.write(
        "k.yml",
        "kpis:\n- {id: k, kind: flow, measure: clicks, where: {campaign_name: {like: 'Q3_%'}}}\n",
    )
    [said] = [finding for finding in folder.findings() if "stands for itself" in finding]
    assert said.startswith("k.yml:2: warning: the `_` of `Q3_%`")


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("[]", None),
        ("[leads, ctr, clicks]", None),
        ("[leads, ctr, clicks, viewers, followers]", None),
        ("[leads]", "warning: 1 KPI heads the overview; name 3 to 5, or none"),
        ("[leads, ctr]", "warning: 2 KPIs head the overview"),
        ("[leads, ctr, clicks, viewers, followers, cost_per_lead]", "error: 6 KPIs would head the overview"),
        ("[leads, ctr, leads]", "error: a KPI stands twice"),
        ("[leads, ctr, klicks]", "error: the KPI `klicks` does not exist; did you mean `clicks`?"),
    ],
)
def test_three_to_five_kpis_head_the_overview(folder, chosen, said):
    base = (folder.path / "base.yml").read_text(encoding="utf-8")
    folder.write("base.yml", base.replace("settings: {", f"settings: {{overview_kpis: {chosen}, ", 1))
    found = folder.findings()
    if said is None:
        assert found == []
        heads = {row["kpi_id"]: row["overview_position"] for row in kpi_rows(folder.good(), {})}
        assert [name for name in sorted(heads, key=lambda name: heads[name] or 9) if heads[name]] == [
            one for one in chosen.strip("[]").split(", ") if one
        ]
    else:
        kind, _, what = said.partition(": ")
        assert found[0].startswith(f"base.yml:1: {kind}: ")
        assert what in found[0]
