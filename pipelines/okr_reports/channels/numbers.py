"""Numbers of vendors, bounded before they are converted: `1e999999` as a whole number would compute for hours."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Any

# Of an amount with nine decimals (DECIMAL(28,9)) and of what vendors send beside it, as 99.99999999999996e-3.
_LONGEST = 60
_LARGEST_EXPONENT = 40
_COUNTS = range(-(2**63), 2**63)
# Nobody waits longer, and no calendar leaves its range by it.
_LONGEST_WAIT = 366 * 86_400.0


def exact(value: Any) -> Decimal:
    """A finite number as it is written. Raises TypeError or ValueError for all else, and for what no table holds."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise TypeError(type(value).__name__)
    if isinstance(value, int) and value.bit_length() > 4 * _LONGEST:
        raise ValueError("a number of too many digits")
    text = str(value)
    # Python itself would take `1_000`
    if len(text) > _LONGEST or "_" in text:
        raise ValueError("no number that can be kept")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("no number") from None
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError("no number that can be kept")
    return number


def whole(value: Any) -> int:
    """A whole number of 64 bits. Raises TypeError or ValueError."""
    number = exact(value)
    if number != number.to_integral_value() or int(number) not in _COUNTS:
        raise ValueError("no whole number")
    return int(number)


def as_code(value: Any) -> int:
    """A vendor's error code; 0 where it is none."""
    try:
        return whole(value)
    except (TypeError, ValueError):
        return 0


def seconds(value: Any) -> float | None:
    """A time to wait, at most a year; None where a vendor says none that makes sense."""
    try:
        wait = float(exact(value))
    except (TypeError, ValueError):
        return None
    return min(wait, _LONGEST_WAIT) if math.isfinite(wait) and wait >= 0 else None
