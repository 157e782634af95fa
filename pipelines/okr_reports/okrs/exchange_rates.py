"""`exchange_rates.csv`: `date,currency,rate`, one row a day and currency, checked row by row."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from pydantic_core import PydanticCustomError

from okr_reports.errors import Finding
from okr_reports.okrs.fields import day, refuse
from okr_reports.okrs.findings import mistake
from okr_reports.okrs.models.rates import ExchangeRate
from okr_reports.okrs.models.settings import currency
from okr_reports.okrs.words import plain, shown
from okr_reports.okrs.yaml_reader import decode_utf8

FILE_NAME = "exchange_rates.csv"
HEADER = ["date", "currency", "rate"]
# 30 currencies over 50 years of days are 13 MB.
MAX_BYTES = 16_000_000
# DECIMAL(28,12) of the warehouse.
MAX_DECIMALS, MAX_DIGITS = 12, 16
MAX_FINDINGS = 100


def read_exchange_rates(
    path: Path, shown_path: str, reporting_currency: str | None
) -> tuple[list[ExchangeRate], list[Finding]]:
    """The rates of the file, none if there is no file, and what is wrong with it, at most 100 findings.

    A rate says what one unit of its currency is worth in the reporting currency, which needs no rows
    and may have a rate of 1 alone; None if that currency is not known.
    """
    if not path.is_file():
        return [], []
    data = path.read_bytes()
    if len(data) > MAX_BYTES:
        return [], [mistake(shown_path, 1, f"the file has {len(data):,} bytes", "keep it below 16 MB")]
    text, line, problem = decode_utf8(data)
    if problem:
        return [], [mistake(shown_path, line, problem, "save it as CSV UTF-8")]
    return _Rows(shown_path, reporting_currency).read(text)


class _Rows:
    def __init__(self, path: str, reporting_currency: str | None) -> None:
        self._path = path
        self._reporting_currency = reporting_currency
        self._findings: list[Finding] = []
        self._currencies: dict[str, str] = {}
        self._lines: dict[tuple[date, str], int] = {}
        self._own_rate_reported = False

    def read(self, text: str) -> tuple[list[ExchangeRate], list[Finding]]:
        reader = csv.reader(io.StringIO(text, newline=""))
        rates: list[ExchangeRate] = []
        try:
            header = next(reader, [])
            if [name.strip() for name in header] != HEADER:
                self._add(1, "the first line is not `date,currency,rate`", "write it so, with commas")
                return [], self._findings
            for row in reader:
                if row and (rate := self._rate(row, reader.line_num)) is not None:
                    rates.append(rate)
                if len(self._findings) >= MAX_FINDINGS:
                    break
        except csv.Error as error:
            self._add(reader.line_num, f"this is not CSV: {error}", "fix the line")
        return rates, self._findings

    def _add(self, line: int, what: str, todo: str) -> None:
        self._findings.append(mistake(self._path, max(line, 1), what, todo))

    def _rate(self, row: list[str], line: int) -> ExchangeRate | None:
        if len(row) != len(HEADER):
            self._add(line, f"the row has {len(row)} columns", "write date,currency,rate, the rate with a point")
            return None
        try:
            on = day(row[0].strip())
            code = self._currency(row[1].strip())
            rate = _rate_value(row[2].strip())
        except PydanticCustomError as refused:
            context = refused.context or {}
            self._add(line, str(context["what"]), str(context["todo"]))
            return None
        if code == self._reporting_currency:
            self._own_rate(line, code, rate)
            return None
        if first := self._lines.get((on, code)):
            self._add(line, f"a rate of {code} on {on} stands already in line {first}", "keep one of them")
            return None
        self._lines[on, code] = line
        return ExchangeRate(on, code, rate)

    def _own_rate(self, line: int, code: str, rate: Decimal) -> None:
        """A rate of 1 says nothing new. Another one says that the whole file is in another currency: reported once."""
        if rate != 1 and not self._own_rate_reported:
            self._own_rate_reported = True
            self._add(
                line,
                f"{code} is the reporting currency (settings.currency) and worth 1 of itself, not {plain(rate)}",
                f"write what one unit of each other currency is worth in {code}",
            )

    def _currency(self, code: str) -> str:
        if code not in self._currencies:
            self._currencies[code] = currency(code)
        return self._currencies[code]


def _rate_value(text: str) -> Decimal:
    try:
        rate = Decimal(text) if len(text) <= MAX_DIGITS + MAX_DECIMALS + 1 else Decimal("NaN")
    except InvalidOperation:
        rate = Decimal("NaN")
    exponent = rate.as_tuple().exponent
    if not isinstance(exponent, int) or rate <= 0 or -exponent > MAX_DECIMALS or rate.adjusted() >= MAX_DIGITS:
        raise refuse(f"{shown(text)} is not a rate", f"write a number above 0 with up to {MAX_DECIMALS} decimals")
    return rate
