"""What the report's locale says beyond Babel's own functions: lengths in days, and which codes are locales."""

from __future__ import annotations

from decimal import Decimal

from babel.core import Locale, UnknownLocaleError
from babel.numbers import NumberPattern

NBSP = "\u00a0"


def known_locale(code: str) -> Locale | None:
    """The locale of CLDR that `code` (`es-ES`, `pt_BR`) names; None if its language or country is not there."""
    parts = code.replace("_", "-").split("-")
    try:
        locale = Locale.parse("-".join(parts), sep="-")
    except (ValueError, UnknownLocaleError):
        return None
    # For a country that it does not know Babel silently takes another one of the language.
    territories = [part.upper() for part in parts[1:] if len(part) in (2, 3)]
    return locale if not territories or locale.territory in territories else None


def days(number: Decimal, pattern: NumberPattern, locale: Locale) -> str:
    """A number of days in words: `2,5 días`. `pattern` writes the number."""
    patterns = locale._data["unit_patterns"]["duration-day"]
    plural = locale.plural_form(number)
    # Where CLDR's long form is the short one, Babel has it at the short one alone.
    words = next(
        found[form]
        for found in (patterns.get("long", {}), patterns["short"])
        for form in (plural, "other")
        if form in found
    )
    return str(words).format(pattern.apply(number, locale)).replace(" ", NBSP)
