"""Rows of what stands around the objectives: settings, periods, teams, KPIs, measures, rates, channels."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from okr_reports.catalogue import channels as catalogue_channels
from okr_reports.file_sources import FileSource, MeasureColumn
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.fields import Texts
from okr_reports.okrs.lints.kpis import channels_of
from okr_reports.okrs.models.kpis import OWN_MODELS, Condition, Kpi
from okr_reports.okrs.models.settings import WEEK_STARTS
from okr_reports.okrs.periods import Span, is_fiscal
from okr_reports.okrs.provenance import Change
from okr_reports.okrs.rows.parts import (
    KPI_WORDS,
    Row,
    changed,
    definition_of,
    digest_of,
    kpi_title,
    span_of,
    text_columns,
)
from okr_reports.okrs.tables import TABLES
from okr_reports.okrs.words import from_id

# From fine to coarse; readings have the grain of their days.
GRAINS = ("day", "week", "month", "quarter")
# Where a measure comes from; pages have them in their language.
REPORTED = "as %(title)s reports it"
COLUMN, COLUMN_LESS = "column %(column)s", "column %(column)s less %(minus)s"
ROWS, ROWS_WITH = "number of rows", "number of rows with %(column)s"


def settings(definitions: Definitions) -> Iterator[Row]:
    chosen = definitions.settings
    yield {
        "organisation": chosen.organisation,
        "currency": chosen.currency,
        "timezone": chosen.timezone,
        "locale": chosen.locale,
        "language": chosen.language,
        "status_on_track": chosen.status.on_track,
        "status_at_risk": chosen.status.at_risk,
        "grace": chosen.status.grace,
        "success_committed": chosen.success.committed,
        "success_aspirational": chosen.success.aspirational,
        "check_in_stale_after_days": chosen.check_in_stale_after_days,
        "close_after_days": chosen.close_after_days,
        "days_before_monday": WEEK_STARTS[chosen.week_starts],
        "gate_stale_after_days": chosen.gate.stale_after_days,
        "gate_least_fresh": chosen.gate.least_fresh,
        "gate_least_kept": chosen.gate.least_kept,
        "check_in_repository": chosen.check_in.repository,
        "check_in_host": chosen.check_in.git_host,
        "check_in_branch": chosen.check_in.branch,
        "check_in_folder": chosen.check_in.folder,
        "check_in_desk": chosen.check_in.desk,
        "check_in_form": chosen.check_in.form.url if chosen.check_in.form else None,
    }


def periods(definitions: Definitions) -> Iterator[Row]:
    titles = {period.id: period.title for period in definitions.periods}
    language = definitions.settings.language
    named = [period.id for period in definitions.periods] + [objective.period for objective in definitions.objectives]
    for period in dict.fromkeys(named):
        span = span_of(definitions, period)
        title = titles.get(period)
        yield {
            "period_id": period,
            "title": title.in_language(language) if title else _period_title(span, language),
            "kind": span.kind,
            "start_date": span.start,
            "end_date": span.end,
        }


def _period_title(span: Span, language: str) -> str:
    from babel.dates import format_skeleton

    if span.kind == "custom":
        return from_id(span.id)
    if is_fiscal(span.id):
        return span.id.replace("-", " ")
    skeleton = {"quarter": "yQQQ", "month": "yMMMM", "year": "y"}[span.kind]
    return str(format_skeleton(skeleton, span.start, locale=language))


def teams(definitions: Definitions) -> Iterator[Row]:
    for team in definitions.teams:
        yield {
            "team_id": team.id,
            **text_columns("title", team.title or Texts(from_id(team.id)), definitions.settings.language),
        }


# What a channel's settings may count otherwise.
CHOSEN_MEASURES = {"conversions", "conversion_value", "leads"}


def kpis(
    definitions: Definitions, changes: Mapping[str, Change], given: Sequence[Mapping[str, Any]] = ()
) -> Iterator[Row]:
    """One row a KPI. What channels were set to count is a part of its definition: another choice is a new version."""
    head = definitions.settings.overview_kpis
    chosen = {str(row["channel"]): row["counted_by"] for row in given if row.get("counted_by")}
    for kpi in definitions.kpis:
        definition = definition_of(kpi, leave_out=KPI_WORDS)
        counted = {channel: by for channel, by in chosen.items() if kpi.takes(channel)}
        if counted and not CHOSEN_MEASURES.isdisjoint(kpi.measures):
            definition = json.dumps(json.loads(definition) | {"counted": counted}, ensure_ascii=False, sort_keys=True)
        yield {
            "kpi_id": kpi.id,
            **text_columns("title", kpi_title(kpi), definitions.settings.language),
            **text_columns("description", kpi.description, definitions.settings.language),
            "kind": kpi.kind,
            "measure": kpi.named("measure"),
            "numerator": kpi.named("numerator"),
            "denominator": kpi.named("denominator"),
            "unit": kpi.unit,
            "better": kpi.better,
            "overview_position": head.index(kpi.id) + 1 if kpi.id in head else None,
            "names_of": kpi.names or "of_the_day",
            "definition": definition,
            "signature": digest_of(definition),
            **changed(changes, kpi.place.path),
            "min_denominator": kpi.min_denominator,
            "is_signed": kpi.signed,
            "grain": _grain(definitions, kpi),
            "model": kpi.model,
        }


def _grain(definitions: Definitions, kpi: Kpi) -> str:
    """The coarsest grain of the file sources that the KPI may draw from."""
    return _coarsest(
        source
        for source in definitions.file_sources
        if channels_of(kpi, {source.channel}) and not source.measures.keys().isdisjoint(kpi.measures)
    )


def _coarsest(sources: Iterable[FileSource]) -> str:
    return max((source.grain for source in sources if source.grain in GRAINS), key=GRAINS.index, default=GRAINS[0])


def kpi_conditions(definitions: Definitions) -> Iterator[Row]:
    for kpi in definitions.kpis:
        for number, (field, condition) in enumerate(_conditions(kpi), start=1):
            for value in condition.values:
                yield {
                    "kpi_id": kpi.id,
                    "condition_no": number,
                    "field": field,
                    "operator": condition.operator,
                    "value": value,
                }


def _conditions(kpi: Kpi) -> list[tuple[str, Condition]]:
    """Those of `where`; a KPI over a model takes that source alone, and its columns are named `model.<column>`."""
    if kpi.model is None:
        return kpi.where.items()
    source = [("channel", Condition("in", (OWN_MODELS,))), ("account_id", Condition("in", (kpi.model,)))]
    return [*source, *((f"model.{column}", condition) for column, condition in kpi.where.items())]


def model_kpis(definitions: Definitions) -> list[dict[str, Any]]:
    """dbt's variable `model_kpis`: what of each KPI over a model is part of the text of a query."""
    return [
        {
            "kpi_id": kpi.id,
            "model": kpi.model,
            "date": kpi.date,
            "columns": list(dict.fromkeys(name.partition(".")[2] for name in kpi.measures)),
            "conditions": [
                {"number": number, "column": field.partition(".")[2], "operator": condition.operator}
                for number, (field, condition) in enumerate(_conditions(kpi), start=1)
                if field.startswith("model.")
            ],
        }
        for kpi in definitions.kpis
        if kpi.model is not None
    ]


def measures(definitions: Definitions, given: Sequence[Mapping[str, Any]] = ()) -> Iterator[Row]:
    """One row per measure. `definition_parts` has `definition` in parts, so that pages say it in their language."""
    bringing: defaultdict[str, dict[str, Row]] = defaultdict(dict)
    for channel in catalogue_channels().values():
        for name in channel.measures:
            bringing[name][channel.name] = {"says": REPORTED, "title": channel.title}
        for word, choice in list(channel.conversions.items())[:1]:
            bringing["conversions"][channel.name] = {"says": choice.means, "word": word, "source": choice.source}
    for row in given:
        if row.get("conversions"):
            meaning = {
                "says": row["conversions_means"],
                "word": row["conversions"],
                "source": row["conversions_source"],
            }
            bringing["conversions"][str(row["channel"])] = meaning
    for source in definitions.file_sources:
        for name, measure in source.measures.items():
            bringing[name][source.channel] = {**_column_words(measure), "source": source.id}
    # a database brings what its query says, known here only by the KPIs that ask for it
    names = {*bringing, *(measure for kpi in definitions.kpis for measure in kpi.measures)}
    for name in sorted(names):
        is_amount = name in definitions.money
        parts = sorted(bringing.get(name, {}).items())
        yield {
            "measure": name,
            "title": from_id(name),
            "unit": "currency" if is_amount else "number",
            "is_money": is_amount,
            "definition": "; ".join(f"{channel}: {_in_english(part)}" for channel, part in parts) or None,
            "definition_parts": json.dumps([{"channel": channel, **part} for channel, part in parts]),
            "source": ", ".join(channel for channel, _ in parts) or None,
        }


def _in_english(part: Row) -> str:
    if "word" in part:
        return f"{part['word']} ({part['says']}; {part['source']})"
    return str(part["says"]) % part + (f" ({part['source']})" if "source" in part else "")


def _column_words(measure: MeasureColumn) -> Row:
    """Where a file source takes a measure from."""
    columns, minus = (
        " / ".join([names] if isinstance(names, str) else names) for names in (measure.column, measure.minus)
    )
    counted = ROWS if measure.count == "rows" else ROWS_WITH
    says = counted if measure.count else COLUMN_LESS if minus else COLUMN
    return {"says": says, "column": columns, "minus": minus}


def exchange_rates(definitions: Definitions) -> Iterator[Row]:
    for rate in definitions.exchange_rates:
        yield {"date": rate.date, "currency": rate.currency, "rate": rate.rate}


def channels(definitions: Definitions, given: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    usual = dict.fromkeys(TABLES["channels"].names)
    connectors = {source.channel: source.connector for source in definitions.file_sources if source.connector}
    said = {str(row["channel"]): row for row in given}
    yield from ({**usual, "is_file": False, **row} for name, row in said.items() if name not in connectors)
    language = definitions.settings.language
    titles = {entry.id: entry.title.in_language(language) for entry in definitions.channels if entry.title}
    for name in dict.fromkeys(source.channel for source in definitions.file_sources):
        if name not in said or name in connectors:
            known = catalogue_channels().get(name)
            title = known.title if known else titles.get(name) or from_id(name)
            found = connectors.get(name)
            of_kind = {"kind": found.kind if found else "file", "lookback_days": found.lookback_days if found else 0}
            usually = {**usual, "channel": name, "title": title, "is_off": False, "is_file": True, **of_kind}
            usually["grain"] = _coarsest(source for source in definitions.file_sources if source.channel == name)
            yield {**usually, **said.get(name, {})}
    if any(kpi.model for kpi in definitions.kpis):
        of_kind = {"kind": "model", "lookback_days": 0, "is_off": False, "is_file": False}
        yield {**usual, "channel": OWN_MODELS, "title": from_id(OWN_MODELS), **of_kind}
