"""Formats as spreadsheets write them: `#,##0.0`, `0%`, `$#,##0,"k"`, `0;(0);"none"`, `yyyy-mm-dd`.

Which decimals, groups, signs and words there are is the format's; how a decimal or a group is separated and what a
month is called is the locale's, as in every other number of the report.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import get_minus_sign_symbol, parse_pattern

TOKEN = re.compile(
    r"""["'](?P<quoted>[^"']*)["']|\\(?P<escaped>.)|\[\$(?P<sign>[^\]-]*)[^\]]*\]|(?P<bracket>\[[^\]]*\])|_.|\*."""
    r"|(?P<digits>[#0?][#0?,.]*)|(?P<date>AM/PM|am/pm|a/p|A/P|[yY]+|[mM]+|[dD]+|[hH]+|[sS]+)|(?P<other>.)"
)
DAYS = {"d": "d", "dd": "dd", "ddd": "EEE", "dddd": "EEEE"}
MONTHS = {"m": "M", "mm": "MM", "mmm": "MMM", "mmmm": "MMMM", "mmmmm": "MMMMM"}
_KNOWN = {*DAYS, *MONTHS, "yy", "yyyy", "h", "hh", "ss"}


@dataclass(frozen=True)
class Section:
    """One part of a number's format: what is before and after it, its decimals, its scale (a power of ten)."""

    before: str
    after: str
    whole: int
    decimals: tuple[int, int]
    grouped: bool
    scale: int
    has_number: bool

    def write(self, value: Decimal, locale: Locale) -> str:
        """The absolute value as this section writes it."""
        if not self.has_number:
            return self.before + self.after
        least, most = self.decimals
        rounded = abs(value.scaleb(self.scale)).quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP)
        whole = "0" * max(self.whole, 1)
        whole = "#,##0" if self.grouped and len(whole) < 4 else whole
        pattern = parse_pattern(f"{whole}.{'0' * least}{'#' * (most - least)}" if most else whole)
        text = str(pattern.apply(rounded, locale))
        sign = str(locale.number_symbols["latn"].get("percentSign", "%"))
        return self.before.replace("%", sign) + text + self.after.replace("%", sign)


@dataclass(frozen=True)
class ExcelFormat:
    """A format: sections for numbers (positive, negative, zero), or the pattern of a date."""

    sections: tuple[Section, ...] = ()
    date: str = ""

    def number(self, value: Decimal, locale: Locale) -> str:
        """The number with its sign."""
        if value == 0 and len(self.sections) > 2:
            return self.sections[2].write(value, locale)
        if value < 0 and len(self.sections) > 1:
            return self.sections[1].write(value, locale)
        text = self.sections[0].write(value, locale)
        has_sign = value < 0 and re.search(r"[1-9]", text)
        return get_minus_sign_symbol(locale) + text if has_sign else text


@lru_cache(maxsize=256)
def excel_format(code: str) -> ExcelFormat | None:
    """What `code` means; None where it is no format of a spreadsheet."""
    tokens = list(TOKEN.finditer(code))
    has_digits, has_days = any(token["digits"] for token in tokens), any(token["date"] for token in tokens)
    if has_days and not has_digits and any(token["date"] and token["date"].lower() in _KNOWN for token in tokens):
        is_plain = not any(token["other"] and token["other"].isalpha() for token in tokens)
        pattern = _date(tokens) if is_plain else ""
        return ExcelFormat(date=pattern) if pattern else None
    # `num0` and `usd2` are codes with letters: letters of a spreadsheet's format are quoted, apart from one behind it
    if not has_digits or re.match(r"[A-Za-z]", code) or re.search(r"[A-Za-z]{3}", _bare(tokens)):
        return None
    sections: list[Section] = []
    part: list[re.Match[str]] = []
    for token in tokens:
        if token["other"] == ";":
            sections.append(_section(part))
            part = []
        else:
            part.append(token)
    return ExcelFormat((*sections, _section(part))[:3])


def _bare(tokens: list[re.Match[str]]) -> str:
    return "".join(token["other"] or token["date"] or " " for token in tokens)


def _section(tokens: list[re.Match[str]]) -> Section:
    texts = ["", ""]
    digits, scale = "", 0
    for token in tokens:
        if token["digits"] and not digits:
            digits = token["digits"]
        elif token["other"] == "%":
            scale += 2
            texts[bool(digits)] += "%"
        else:
            kept = next(
                (token[name] for name in ("quoted", "escaped", "sign", "date", "other") if token[name] is not None), ""
            )
            texts[bool(digits)] += kept
    core = digits.rstrip(",")
    scale -= 3 * (len(digits) - len(core))
    whole, _, decimals = core.partition(".")
    places = decimals.replace(",", "")
    before, after = texts
    decimals_of = (places.count("0"), len(places))
    return Section(before, after, whole.count("0"), decimals_of, "," in whole, scale, bool(digits))


def _date(tokens: list[re.Match[str]]) -> str:
    """The same in CLDR's letters; '' for what is none."""
    twelve = any((token["date"] or "").lower() in ("am/pm", "a/p") for token in tokens)
    names = [(token["date"] or "").lower() for token in tokens]
    parts: list[str] = []
    for number, token in enumerate(tokens):
        name = names[number]
        if name in ("am/pm", "a/p"):
            parts.append("a")
        elif name.startswith("m"):
            before = next((other for other in reversed(names[:number]) if other), "")
            after = next((other for other in names[number + 1 :] if other), "")
            is_minute = len(name) < 3 and (before.startswith("h") or after.startswith("s"))
            parts.append(name if is_minute else MONTHS.get(name, ""))
        elif name:
            parts.append(
                {"y": name, "s": name, "h": name if twelve else name.upper()}.get(name[0]) or DAYS.get(name, "")
            )
        else:
            kept = next((token[which] for which in ("quoted", "escaped", "other") if token[which] is not None), "")
            parts.append(
                "''" if kept == "'" else "'" + kept.replace("'", "''") + "'" if re.search(r"[A-Za-z']", kept) else kept
            )
    return "" if any(not part and name for part, name in zip(parts, names, strict=True)) else "".join(parts)
