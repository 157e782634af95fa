"""The digest before a check-in: one text a team, as HTML without JavaScript, plain text, and a short form for chat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import css_inline

from okr_reports.deliveries.digest_facts import TeamFacts, read_facts
from okr_reports.deliveries.digest_view import view_of
from okr_reports.deliveries.plain_text import header_text, one_line
from okr_reports.deliveries.templating import rendered
from okr_reports.deliveries.wording import TEMPLATES, catalogue
from okr_reports.errors import DeliveryError, did_you_mean


@dataclass(frozen=True)
class Digest:
    """What one team reads before one check-in.

    `week` is the ISO week of the check-in day (`2026-W48`). `images` are PNG by content id, without angle brackets.
    `brief` is for chat: a few lines, no markup.
    """

    team: str
    title: str
    organisation: str
    week: str
    check_in: date
    language: str
    subject: str
    html: str = field(repr=False)
    text: str = field(repr=False)
    brief: str = field(repr=False)
    images: Mapping[str, bytes] = field(repr=False)


def compose(
    snapshot: Path,
    *,
    team: str | None = None,
    site_url: str | None = None,
    check_in_day: str = "monday",
    today: date | None = None,
) -> list[Digest]:
    """The digests of every team with objectives, or of `team` alone, for the next `check_in_day` (today included).

    `today` is by default the day of the copy's refresh; a later one makes the digest say how old its numbers are.
    The same copy and day give the same bytes. Raises DeliveryError if the copy cannot be read or `team` has no
    objective.
    """
    teams = read_facts(snapshot, check_in_day, today)
    if team is not None:
        known = [facts.team for facts in teams]
        teams = [facts for facts in teams if facts.team == team]
        if not teams:
            hint = did_you_mean(team, known, f"those that have: {', '.join(known) or 'none'}")
            raise DeliveryError(f"team {team} has no objective in a running period; {hint}")
    return [_compose(facts, site_url) for facts in teams]


def _compose(facts: TeamFacts, site_url: str | None) -> Digest:
    view = view_of(facts, site_url)
    language = facts.context.language
    year, week, _ = facts.check_in.isocalendar()
    subject = catalogue(facts.context.language).gettext("OKRs of %(team)s, check-in of %(day)s: %(headline)s")
    html = rendered("digest.html.j2", language, view=view, has_images=bool(view.images))
    return Digest(
        team=facts.team,
        title=view.team,
        organisation=view.organisation,
        week=f"{year}-W{week:02}",
        check_in=facts.check_in,
        language=facts.context.language,
        subject=header_text(
            subject % {"team": one_line(facts.title, 80), "day": view.check_in, "headline": view.headline}
        ),
        html=_inliner().inline(html),
        text=rendered("digest.txt.j2", language, view=view),
        brief=rendered("digest_brief.txt.j2", language, view=view),
        images=view.images,
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    style = (TEMPLATES / "digest.css").read_text(encoding="utf-8")
    return css_inline.CSSInliner(extra_css=style, load_remote_stylesheets=False)
