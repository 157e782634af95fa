"""SQL of a page with what is not SQL in it put aside, so that it can be parsed, and put back afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable

_OPTIONAL = re.compile(r"\[\[\s*(?P<word>and|or|where)\b(?P<condition>.*?)\]\]", re.DOTALL | re.IGNORECASE)
_VALUE = re.compile(r"\$\{[^{}]*\}|\{\{.*?\}\}", re.DOTALL)
_BETWEEN = re.compile(r"\.(between|range)\s*\}")


class Masked:
    """`text` is the query with a name in the place of each value, and of each condition that may be left out."""

    def __init__(self, sql: str) -> None:
        self._values: list[str] = []
        self._conditions: dict[int, str] = {}
        sql = _OPTIONAL.sub(self._optional, sql).replace("[[", "").replace("]]", "")
        self.text = _VALUE.sub(self._value, sql)

    def _optional(self, match: re.Match[str]) -> str:
        self._values.append(match[0])
        self._conditions[len(self._values) - 1] = match["condition"]
        return f"{match['word']} masked_{len(self._values) - 1}"

    def _value(self, match: re.Match[str]) -> str:
        self._values.append(match[0])
        name = f"masked_{len(self._values) - 1}"
        return f"= {name}" if _BETWEEN.search(match[0]) else name

    def restored(self, text: str, condition: Callable[[str], str]) -> str:
        """A query made of `text` with all of them back; `condition` makes one of those that may be left out."""

        def back(match: re.Match[str]) -> str:
            number = int(match["number"])
            if number in self._conditions:
                return f"[[ {(match['before'] or '').strip().lower()} {condition(self._conditions[number]).strip()} ]]"
            value = self._values[number]
            if _BETWEEN.search(value) and (match["before"] or "").strip() == "=":
                return value
            return (match["before"] or "") + value

        return re.sub(r"(?i)(?P<before>\b(?:and|or|where)\s+|=\s*)?\bmasked_(?P<number>\d+)\b", back, text)
