"""The types' SQL for the models: one macro file, generated, and the rules of added types as a variable of dbt.

`python -m okr_reports.key_result_types.sql` writes the file again after a change of a type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from okr_reports.key_result_types import KeyResultType, added, shipped_types, types

MACROS = Path("dbt_project") / "macros" / "generated" / "key_result_types.sql"
# The variable of dbt that holds the rules of types that other packages bring.
VARIABLE = "added_key_result_types"
_HEAD = "{#- Generated from key_result_types/ by `make generate`; change the types, not this file. -#}\n"
_ABOUT = {
    "progress": "Progress of one row of int_key_result_days_measured by the rule of its type; it may be NaN.",
    "expected_value": "Where the value should be by a row's date, in its own unit; null where a type has no path.",
}


def macro_text() -> str:
    """The macro file as it is committed."""
    return _HEAD + "".join(_macro(name) for name in _ABOUT)


def variables() -> dict[str, Any]:
    """dbt's variables: the rules of added types; empty where there are none, so that nothing is parsed anew."""
    rules = [
        {"name": type_.name, "progress": type_.progress, "expected_value": type_.expected_value}
        for type_ in added().values()
    ]
    return {VARIABLE: rules} if rules else {}


def expression(rule: str) -> str:
    """`progress` or `expected_value` of all types as one SQL expression over a row with `type`."""
    return f"case\n{_whens(types().values(), rule)}end"


def rows() -> Iterator[dict[str, Any]]:
    """The types as rows of definitions.key_result_types: what the models need to know of them beside their SQL."""
    for type_ in types().values():
        yield {
            "type": type_.name,
            "position": type_.position,
            "shape": type_.shape,
            "about": type_.about,
            "better": type_.better,
            "is_held": type_.is_held,
            "is_paced": type_.is_paced,
            "needs_dates": type_.needs_dates,
            "is_share": type_.is_share,
            "reads": type_.reads,
            "limit_low_from": type_.limits[0],
            "limit_high_from": type_.limits[1],
            "size_start": type_.size.start if type_.size else None,
            "size_sign": type_.size.sign if type_.size else None,
            "forecast_side": type_.forecast_side,
            "progress": type_.progress,
            "expected_value": type_.expected_value,
        }


def _macro(name: str) -> str:
    return (
        f"\n{{# {_ABOUT[name]} #}}\n{{% macro {name}() -%}}\n    case\n{_whens(shipped_types().values(), name)}"
        f"    {{%- for added in var('{VARIABLE}', []) %}}\n"
        f"        when type = '{{{{ added.name }}}}' then {{{{ added.{name} }}}}\n"
        "    {%- endfor %}\n    end\n{%- endmacro %}\n"
    )


def _whens(of: Iterable[KeyResultType], rule: str) -> str:
    """The branches of a case, one for all types that share a rule."""
    sharing: dict[str, list[str]] = {}
    for type_ in of:
        sharing.setdefault(getattr(type_, rule), []).append(f"'{type_.name}'")
    return "".join(_when(names, text) for text, names in sharing.items())


def _when(names: Sequence[str], text: str) -> str:
    first, *inner = (line.strip() for line in text.splitlines())
    lines = [first, *(line if line == "end" else f"    {line}" for line in inner)]
    is_one = f"type = {names[0]}" if len(names) == 1 else f"type in ({', '.join(names)})"
    return f"        when {is_one} then " + "\n        ".join(lines) + "\n"


if __name__ == "__main__":
    from okr_reports.settings import shipped

    path = shipped("dbt_project") / MACROS.relative_to("dbt_project")
    path.parent.mkdir(exist_ok=True)
    path.write_text(macro_text(), encoding="utf-8")
    print(path)
