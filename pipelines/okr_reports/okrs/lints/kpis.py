"""KPIs take measures that exist, from channels that bring them, and never count one conversion twice unawares."""

from __future__ import annotations

from collections.abc import Iterator

from okr_reports.errors import Finding
from okr_reports.okrs.findings import advice, mistake
from okr_reports.okrs.lints.context import Context
from okr_reports.okrs.models.kpis import Kpi, like
from okr_reports.okrs.words import nearest, shown

# What each self-attributing platform claims for itself, whatever the others claim (docs/okrs.md).
CLAIMED_MEASURES = ("conversions", "conversion_value", "leads")


def lint_kpis(context: Context) -> Iterator[Finding]:
    """Unknown channels and measures; sums of conversions over several self-attributing channels."""
    for kpi in context.definitions.kpis:
        if kpi.model is not None:
            continue
        unknown = list(_unknown_channels(context, kpi))
        yield from unknown
        if not unknown:
            yield from _unknown_measures(context, kpi)
            yield from _added_up(context, kpi)
        yield from _counted_twice(context, kpi)
        yield from _no_money(context, kpi)
        yield from _underscores(kpi)


def _no_money(context: Context, kpi: Kpi) -> Iterator[Finding]:
    """A currency sign before what nobody said is money: it would be shown in the reporting currency, unconverted."""
    key = "numerator" if kpi.kind == "ratio" else "measure"
    measure = getattr(kpi, key)
    if kpi.unit != "currency" or measure is None or measure in context.definitions.money:
        return
    currency = context.definitions.settings.currency
    what = f"unit: currency, but {shown(measure)} is not money, so it would be shown as {currency} unconverted"
    todo = (
        f"say that it is money (`{measure}: {{column: ..., money: true}}` or `currency: USD` in its file source;"
        f" `{measure}_revenue` as its name in a query), or write unit: number"
    )
    yield mistake(kpi.place.path, kpi.place.at("unit"), what, todo)


def _underscores(kpi: Kpi) -> Iterator[Finding]:
    """Up to 0.1.0 `_` stood for any one character."""
    for field, condition in kpi.where.items():
        patterns = condition.values if condition.operator in ("like", "not_like") else ()
        for pattern in (text for text in patterns if "_" in text):
            what = f"the `_` of {shown(pattern)} stands for itself, no longer for any one character"
            yield advice(kpi.where.place.path, kpi.where.place.at(field), what, "write % where any text may be")


def channels_of(kpi: Kpi, channels: set[str]) -> set[str]:
    """Those of `channels` whose rows the KPI's conditions let through."""
    return {name for name in channels if kpi.takes(name)}


def _unknown_channels(context: Context, kpi: Kpi) -> Iterator[Finding]:
    known = context.measures_by_channel
    place = kpi.where.place
    for condition in kpi.where.channel:
        if condition.operator in ("in", "not_in"):
            for name in condition.values:
                yield from context.unknown("file_sources", name, known, place, "channel", called="the channel")
            continue
        patterns = [like(pattern) for pattern in condition.values]
        if context.complete and not any(pattern.fullmatch(name) for pattern in patterns for name in known):
            what = f"no channel is like {shown(', '.join(condition.values))}"
            yield mistake(place.path, place.at("channel"), what, nearest("", known))


def _unknown_measures(context: Context, kpi: Kpi) -> Iterator[Finding]:
    if not context.complete or context.broken.get("file_sources"):
        return
    channels = channels_of(kpi, set(context.measures_by_channel))
    if not channels:
        place = kpi.where.place
        yield mistake(place.path, place.at("channel"), "the conditions let no channel through", "fix or remove them")
        return
    named = {name for name in channels if name in context.channels and context.channels[name].names_own_measures}
    if kpi.where.channel and named:
        return  # a channel named here may bring any measure
    every = set().union(*context.measures_by_channel.values())
    there = set().union(*(context.measures_by_channel[name] for name in channels))
    for key in ("measure", "numerator", "denominator"):
        measure = getattr(kpi, key)
        if measure is None or measure in there:
            continue
        line = kpi.place.at(key)
        if measure in every:
            what = f"{', '.join(sorted(channels))} does not bring the measure {shown(measure)}"
            yield mistake(kpi.place.path, line, what, nearest(measure, there))
        else:
            what = f"no channel brings the measure {shown(measure)}"
            yield mistake(kpi.place.path, line, what, nearest(measure, there or every))


def _added_up(context: Context, kpi: Kpi) -> Iterator[Finding]:
    """People counted once over an interval must not be summed over days, nor anything else be taken as such a count."""
    bringing = [context.channels[name] for name in channels_of(kpi, set(context.channels))]
    once = {measure for channel in bringing for measure in channel.counted_once}
    files = [source for source in context.definitions.file_sources if channels_of(kpi, {source.channel})]
    by_day = {measure for source in files for measure in source.measures}
    place = kpi.place
    for key in ("measure", "numerator", "denominator"):
        measure = getattr(kpi, key)
        if measure in once and kpi.kind != "distinct":
            what = f"{shown(measure)} counts people once over an interval, and a {kpi.kind} would add its days"
            yield mistake(place.path, place.at(key), what, "use kind: distinct")
        elif measure in by_day and kpi.kind == "distinct":
            what = f"{shown(measure)} comes day by day, and distinct things of several days cannot be added"
            yield advice(place.path, place.at(key), what, "expect a value on single days only, or use kind: flow")
        elif measure is not None and measure not in once and kpi.kind == "distinct":
            what = f"{shown(measure)} is not counted once over an interval by any channel here"
            yield mistake(place.path, place.at(key), what, "use kind: flow, or " + nearest(measure, once))


def _counted_twice(context: Context, kpi: Kpi) -> Iterator[Finding]:
    if kpi.dedupe is not None:
        return
    named = {name for condition in kpi.where.channel if condition.operator == "in" for name in condition.values}
    for measure in kpi.measures:
        bringing = {name for name, channel in context.channels.items() if measure in channel.measures}
        if context.on is not None:
            # What nobody names and no settings bring is not added.
            bringing &= {*context.on, *named}
        several = sorted(name for name in channels_of(kpi, bringing) if context.channels[name].self_attributing)
        if measure in CLAIMED_MEASURES and len(several) > 1:
            what = f"{shown(kpi.id)} adds {measure} of {', '.join(several)}, which claim the same ones"
            todo = "name one channel in where, or write dedupe: acknowledged"
            # A price per lead over all channels is asked for every day; it does not grow by what two of them claim.
            say = advice if kpi.kind == "ratio" and measure == "leads" else mistake
            yield say(kpi.place.path, kpi.place.line, what, todo)
            return
