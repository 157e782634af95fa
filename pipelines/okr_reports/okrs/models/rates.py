"""Exchange rates, read from `exchange_rates.csv` beside the YAML files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class ExchangeRate:
    """On `date` one unit of `currency` was worth `rate` units of the reporting currency."""

    date: date
    currency: str
    rate: Decimal
