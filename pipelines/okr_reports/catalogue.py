"""What each channel is, read from `channels/<channel>/channel.toml` without importing its code.

`okr check` and the definitions ask here which channels and measures exist; importing the sources themselves would
cost them dlt (1.2 s).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

# Measures in money, converted to the reporting currency. A measure of a file source is money when its name is one of
# these or ends in one of them after an underscore (`tv_spend`).
MONEY = ("spend", "cost", "conversion_value", "purchase_value", "revenue", "amount", "pipeline_value")


@dataclass(frozen=True)
class Conversions:
    """One thing that a channel's `conversions` may mean: in words, by whose words, and the measures it is the sum of.

    Without `conversion_value` the vendor tells no value of it: that is no data, not 0.
    """

    means: str
    source: str
    conversions: tuple[str, ...]
    conversion_value: tuple[str, ...]


@dataclass(frozen=True)
class ApiVersion:
    """A version of a vendor's API and the day from which it is not answered, None where no end is announced.

    With `is_estimate` the vendor tells a month or nothing, and the day follows from its custom.
    """

    version: str
    ends: date | None = None
    is_estimate: bool = False

    def days_left(self, today: date) -> int | None:
        return None if self.ends is None else (self.ends - today).days


@dataclass(frozen=True)
class ChannelInfo:
    """One channel: its id, what people call it, and the measures it brings.

    `kind` is ads, analytics, search, crm, email, database or file. A self-attributing channel counts a conversion for
    itself whatever the others claim, so conversions of several must not be added unawares. `lookback_days` is how many
    days back a refresh reads again by default. Measures in `counted_once` are people, counted once over a whole
    interval: their days must never be added up. With `names_own_measures` the channel's settings say what it brings.
    `conversions` is what its conversions may mean, by the word of the setting, the default first; empty where it has
    none of its own. `versions` are those of its API, the newest last, and `announced` where their ends are.
    """

    name: str
    title: str
    kind: str
    self_attributing: bool
    lookback_days: int
    measures: tuple[str, ...]
    counted_once: tuple[str, ...] = ()
    names_own_measures: bool = False
    conversions: Mapping[str, Conversions] = field(default_factory=dict)
    versions: tuple[ApiVersion, ...] = ()
    announced: str = ""


def is_money(measure: str) -> bool:
    """Whether values of this measure are amounts of a currency."""
    return any(measure == name or measure.endswith(f"_{name}") for name in MONEY)


@cache
def channels() -> dict[str, ChannelInfo]:
    """Every channel this package can load, by id, in alphabetical order."""
    found = {}
    for path in sorted((Path(__file__).parent / "channels").glob("*/channel.toml")):
        described = tomllib.loads(path.read_text(encoding="utf-8"))
        found[path.parent.name] = ChannelInfo(
            name=path.parent.name,
            title=described["title"],
            kind=described["kind"],
            self_attributing=described["self_attributing"],
            lookback_days=described["lookback_days"],
            measures=tuple(described["measures"]),
            counted_once=tuple(described.get("counted_once", [])),
            names_own_measures=described.get("names_own_measures", False),
            versions=tuple(ApiVersion(**version) for version in described.get("api", {}).get("versions", ())),
            announced=described.get("api", {}).get("announced", ""),
            conversions={
                word: Conversions(
                    conversion["means"],
                    conversion["source"],
                    tuple(conversion["conversions"]),
                    tuple(conversion["conversion_value"]),
                )
                for word, conversion in described.get("conversions", {}).items()
            },
        )
    return found
