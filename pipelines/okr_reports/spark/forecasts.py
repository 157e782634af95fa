"""Forecasts and alerts of Spark's models: read from them, computed by the same Python as DuckDB's, put in the lake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from okr_reports.spark import raw
from okr_reports.spark.connection import Session
from okr_reports.spark.settings import SparkSettings
from okr_reports.spark.storage import Storage

SCHEMA, TABLE, ALERTS = "forecasts", "key_result_forecast", "kpi_alert"
# What the step reads; all that these are made from has to be built before it.
READ = ("int_forecast_states_listed", "int_forecast_days_listed", "int_alert_days_listed")
_STATE = (
    "date", "value", "baseline", "aim_low", "aim_high", "weeks_kept", "weeks_observed", "weeks_left",
    "allowed_misses", "min_denominator",
)  # fmt: skip
_DAY = ("date", "unit_start", "amount", "denominator", "factor", "is_uncertain")
_WATCHED = ("date", "amount", "denominator", "factor", "is_uncertain")
_DATES = ("date", "unit_start")
_ABOUT = ("kpi_kind", "period_start", "period_end", "hold")
_ROWS = pa.schema(
    {
        "key_result_id": pa.string(), "date": pa.date32(), "forecast_low": pa.float64(), "forecast": pa.float64(),
        "forecast_high": pa.float64(), "probability": pa.float64(),
    }
)  # fmt: skip
_ALERTS = pa.schema(
    {
        "kpi_id": pa.string(), "date": pa.date32(), "days": pa.int64(), "value": pa.float64(), "low": pa.float64(),
        "high": pa.float64(),
    }
)  # fmt: skip


def write_forecasts(session: Session, settings: SparkSettings) -> int:
    """Compute the forecasts of all key results and the news of watched KPIs and declare them to Spark; how many.

    Raises EngineError.
    """
    from okr_reports.forecasting.from_arrow import forecast_rows, news_rows

    questions = _grouped(session, READ[0], ("key_result_id", "series_id", *_ABOUT), _STATE)
    days = {key[0]: rows for key, rows in _grouped(session, READ[1], ("series_id",), _DAY)}
    keys = [key for key, _ in questions]
    kind, start, end, hold = (_column(keys, place, kind) for place, kind in enumerate(_kinds(), start=2))
    states = _lists([rows for _, rows in questions], _STATE)
    series = _lists([days.get(key[1], []) for key in keys], _DAY)
    computed = forecast_rows(kind, start, end, hold, states, series).to_pylist()
    rows = [
        {"key_result_id": key[0], **answer} for key, answers in zip(keys, computed, strict=True) for answer in answers
    ]
    _declare(session, settings, TABLE, pa.Table.from_pylist(rows, schema=_ROWS))

    watched = _grouped(session, READ[2], ("kpi_id", "kind"), _WATCHED)
    kinds = pa.array([key[1] for key, _ in watched], pa.string())
    news = news_rows(kinds, _lists([days_of for _, days_of in watched], _WATCHED)).to_pylist()
    alerts = [{"kpi_id": key[0], **alert} for (key, _), found in zip(watched, news, strict=True) for alert in found]
    _declare(session, settings, ALERTS, pa.Table.from_pylist(alerts, schema=_ALERTS))
    return len(rows) + len(alerts)


def _declare(session: Session, settings: SparkSettings, table: str, rows: pa.Table) -> None:
    with Storage(settings.lake).writing(f"{SCHEMA}/{table}/rows.parquet") as file:
        pq.write_table(rows, file)
    raw.declare(session, SCHEMA, table, rows.schema, f"{settings.lake_of_spark}/{SCHEMA}/{table}")
    session.run(f"refresh table {SCHEMA}.{table}")


def _kinds() -> Iterator[pa.DataType]:
    yield from (pa.string(), pa.date32(), pa.date32(), pa.string())


def _column(keys: list[tuple[Any, ...]], place: int, kind: pa.DataType) -> pa.Array:
    return pa.array([_day(key[place]) if kind == pa.date32() else key[place] for key in keys], kind)


def _day(value: Any) -> Any:
    """A day as Hive's protocol hands it over, which is a text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _grouped(
    session: Session, model: str, key: tuple[str, ...], columns: tuple[str, ...]
) -> list[tuple[tuple[Any, ...], list[dict[str, Any]]]]:
    """The rows of a model by key, each group by date."""
    found = session.execute(f"select {', '.join((*key, *columns))} from intermediate.{model} order by {key[0]}, date")
    rows = sorted(found, key=lambda row: tuple(str(value) for value in row[: len(key)]))
    return [
        (group, [dict(zip(columns, _with_days(row[len(key) :], columns), strict=True)) for row in members])
        for group, members in groupby(rows, key=itemgetter(*range(len(key))) if len(key) > 1 else lambda row: (row[0],))
    ]


def _with_days(values: tuple[Any, ...], columns: tuple[str, ...]) -> Iterator[Any]:
    yield from (_day(value) if name in _DATES else value for name, value in zip(columns, values, strict=True))


def _lists(groups: list[list[dict[str, Any]]], columns: tuple[str, ...]) -> pa.Array:
    types = {**dict.fromkeys(_DATES, pa.date32()), "is_uncertain": pa.bool_()}
    whole = {"weeks_kept", "weeks_observed", "weeks_left", "allowed_misses"}
    fields = [(name, types.get(name, pa.int64() if name in whole else pa.float64())) for name in columns]
    return pa.array(groups, pa.list_(pa.struct(fields)))
