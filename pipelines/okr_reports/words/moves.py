"""Who moved a number, in one sentence: `Leads +62 against the four weeks before: Retargeting +48, others +14`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from okr_reports.words.numbers import Numbers, with_sign

# So many are named, then those are left out that are worth less than a tenth of all that moved.
NAMED, LEAST = 3, 0.1


def N_(message: str) -> str:
    """Marks a text for the catalogues."""
    return message


AGAINST = {
    "previous": N_("against the four weeks before"),
    "last_year": N_("against the same days a year ago"),
    "pace": N_("against the pace"),
}
BY_UNIT = {"month": N_("against the month before"), "quarter": N_("against the quarter before")}
PART, NEW, ENDED = N_("%(name)s %(move)s"), N_("%(name)s (new) %(move)s"), N_("%(name)s (ended) %(move)s")
OTHERS = N_("others %(move)s")
NO_NAME, NO_GROUP = N_("not by campaign"), N_("without a campaign group")
WHOLE, STILL = N_("%(title)s %(move)s %(against)s: %(parts)s."), N_("%(title)s is unchanged %(against)s.")
MESSAGES = (*AGAINST.values(), *BY_UNIT.values(), PART, NEW, ENDED, OTHERS, NO_NAME, NO_GROUP, WHOLE, STILL)
_BY_STATE = {"both": PART, "new": NEW, "ended": ENDED}


def no_name(dimension: str) -> str:
    """What a member of a dimension is called that has no name there; a text of the catalogues."""
    return NO_GROUP if dimension == "campaign_group" else NO_NAME


def split_by(rows: Sequence[Mapping[str, Any]]) -> str:
    """The finest dimension that has more than one member; else the channel."""
    for dimension in ("campaign", "campaign_group", "account"):
        if sum(row["dimension"] == dimension for row in rows) > 1:
            return dimension
    return "channel"


def moved(
    title: str, unit: str | None, rows: Sequence[Mapping[str, Any]], say: Callable[[str], str], numbers: Numbers
) -> str:
    """The sentence of one comparison's drivers, of any dimensions; empty where nothing could be split."""
    if not rows:
        return ""
    dimension = split_by(rows)
    members = sorted((row for row in rows if row["dimension"] == dimension), key=lambda row: int(row["position"]))
    move = float(members[0]["value_after"]) - float(members[0]["value_before"])
    comparison, unit_of = members[0]["comparison"], members[0].get("weeks_unit") or "week"
    against = say(BY_UNIT.get(unit_of, AGAINST[comparison]) if comparison == "previous" else AGAINST[comparison])
    if not any(row["contribution"] for row in members):
        return say(STILL) % {"title": title, "against": against}
    gross = sum(abs(float(row["contribution"])) for row in members)
    named = [row for row in members[:NAMED] if abs(float(row["contribution"])) >= LEAST * gross]
    nameless = say(no_name(dimension))
    parts = [
        say(_BY_STATE[row["member_state"]])
        % {"name": row["member_title"] or nameless, "move": signed(float(row["contribution"]), unit, numbers)}
        for row in named
    ]
    if others := members[len(named) :]:
        rest = sum(float(row["contribution"]) for row in others)
        parts.append(say(OTHERS) % {"move": signed(rest, unit, numbers)})
    shown = {"title": title, "move": signed(move, unit, numbers), "against": against, "parts": ", ".join(parts)}
    return say(WHOLE) % shown


def signed(value: float, unit: str | None, numbers: Numbers) -> str:
    """A difference with its sign; that of two percentages in percentage points."""
    size = abs(value)
    return with_sign(value, f"{numbers.count(100 * size)} pp" if unit == "percent" else numbers.value(size, unit))
