"""The weekly review: what is a topic, the step announced before beside this week's, and when all is said to be well."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.report_site.browser import watched
from tests.report_site.conftest import REPORTS, main_of
from tests.report_site.snapshot_rows import TODAY
from tests.report_site.test_site import text_of

PAGE = (REPORTS / "pages" / "review.md").read_text(encoding="utf-8")
ONE = "linkedin_leads_up"


@pytest.fixture
def review(build, changed):
    """Builds the page over a copy of the snapshot that statements have changed; returns its <main>."""

    def make(*statements: str) -> str:
        return build({"pages/review.md": PAGE}, over=changed(*statements))("review/index.html")

    return make


def said(days_ago: int, step: str | None = None, outcome: str | None = None) -> str:
    values = [f"'{one}'" if one else "null" for one in (step, outcome)]
    day = TODAY - timedelta(days=days_ago)
    return (
        "insert into fct_check_in (check_in_id, key_result_id, date, author, confidence, next, previous_next) "
        f"values ('{ONE}/{day}', '{ONE}', '{day}', 'Ana', 0.5, {', '.join(values)})"
    )


CALM = (
    "delete from fct_key_result_daily",
    "delete from key_result_milestones",
    "update key_results set status = 'on_track', check_in_is_stale = false, disagreement = null, stale_since = null",
)
NOBODY = "delete from fct_check_in"


def topic(html: str) -> str:
    """What is written about the only topic."""
    [found] = re.findall(r"<article.*?</article>", html, re.DOTALL)
    return re.sub(r"\s+", " ", text_of(found))


def test_what_is_judged_says_on_how_much_it_rests(review):
    needs = "update key_results set status = 'off_track', evidence = {}, evidence_target = 5, evidence_of = {}"
    needs += " where key_result_id = 'article_quality'"
    assert "3 of 5 users" in topic(review(*CALM, NOBODY, needs.format(3, "'users'")))
    assert "0 of 5 pieces of evidence" in topic(review(*CALM, NOBODY, needs.format("null", "null")))


@pytest.mark.parametrize(
    ("check_ins", "before", "now"),
    [
        ([said(7, "Ask Pau")], "No answer yet: Ask Pau", "No next step yet."),
        ([said(9, "Ask Pau"), said(1, "Pay him", "done")], "Done: Ask Pau", "Pay him Ana"),
        ([said(9, "Ask Pau"), said(1, None, "open")], "Goes on: Ask Pau", "No next step yet."),
        ([said(20, "Ask Pau"), said(9, None, "open"), said(0, None, "dropped")], "No longer: Ask Pau", "No next step"),
        ([said(6, "Ask Pau"), said(0, "Pay him", "done")], "Done: Ask Pau", "Pay him Ana"),
        ([said(2, "Ask Pau")], "Last time No step was announced.", "Ask Pau Ana"),
        ([], "Last time No step was announced.", "No next step yet."),
    ],
)
def test_the_step_before_stands_beside_this_weeks(review, check_ins, before, now):
    off = f"update key_results set status = 'off_track' where key_result_id = '{ONE}'"
    text = topic(review(*CALM, NOBODY, off, *check_ins))
    first, _, second = text.partition("For this week")
    assert before in first
    assert now in second


def test_every_reason_makes_a_topic_and_nothing_else_does(review):
    calm = review(*CALM)
    assert "<article" not in calm
    assert "No topics: every key result is on track" in text_of(calm)
    for reason in (
        f"update key_results set status = 'off_track' where key_result_id = '{ONE}'",
        f"update key_results set check_in_is_stale = true where key_result_id = '{ONE}'",
        f"update key_results set disagreement = 'Ana says 90 %' where key_result_id = '{ONE}'",
        f"insert into key_result_milestones values ('{ONE}', 'm', 1, 'Draft', 1, '{TODAY - timedelta(days=1)}', null)",
        "insert into fct_key_result_daily (key_result_id, date, status) select "
        f"'{ONE}', data_through - 7, 'at_risk' from report_context",
    ):
        html = review(*CALM, reason)
        assert html.count("<article") == 1, reason
        assert "1 topic to talk about" in text_of(html)


def test_all_is_well_only_where_nothing_is_missing(review):
    one = f"where key_result_id = '{ONE}'"
    waits = text_of(review(*CALM, f"update key_results set status = 'no_data' {one}"))
    assert "every key result is on track" not in waits
    assert re.search(r"No topics: (\d+) of (?!\1)\d+ key results are on track", waits)
    late = text_of(review(*CALM, f"update key_results set stale_since = '{TODAY}' {one}"))
    assert "every key result is on track" not in late
    assert "1 rests on a late source" in late
    nothing = text_of(review("delete from key_results"))
    assert "No key result runs today" in nothing
    assert "on track" not in nothing.split("Topics are")[0]


def test_teams_follow_each_other_the_worst_first_and_by_links(english):
    html = main_of((english.out_dir / "review" / "index.html").read_text(encoding="utf-8"))
    sections = re.findall(r'<section class="review-team" id="([^"]*)"', html)
    assert sections[-1] == "end-of-review"
    assert re.findall(r'rel="next" href="#([^"]*)"', html) == sections[1:]
    assert re.findall(r'rel="prev" href="#([^"]*)"', html) == sections[:-2]
    assert re.findall(r'<li><a href="#([^"]*)">', html) == sections
    forms = re.findall(r'href="../key-results/(\w+)/index.html#check-in"', html)
    assert forms
    for name in forms:
        assert 'id="check-in"' in (english.out_dir / "key-results" / name / "index.html").read_text(encoding="utf-8")


def test_one_key_leads_from_team_to_team_and_each_prints_on_its_own_paper(browser, sites):
    with watched(browser, reduced_motion="reduce") as one:
        page = one.open(sites["es"] / "review/index.html")
        steps = page.locator("[data-step]").evaluate_all("all => all.map(one => one.id)")
        assert len(steps) > 2
        passed = []
        for key in ["ArrowRight"] * len(steps) + ["ArrowLeft"]:
            page.keyboard.press(key)
            passed.append(page.evaluate("location.hash.slice(1)"))
        assert [step for step in steps if step in passed] == steps[steps.index(passed[0]) :]
        assert passed[-1] == steps[-2]
        page.emulate_media(media="print")
        breaks = page.locator(".review-team").evaluate_all("all => all.map(one => getComputedStyle(one).breakBefore)")
        # the end of the review is on the paper of the last team
        assert breaks == ["auto", *["page"] * (len(breaks) - 2), "avoid"]
        assert one.problems == []
