"""Evidence's conditions over data as Jinja's: which text is shown depends on whether a query has rows.

{% if data="orders" condition="has_rows" where="region = '{{ region }}'" %} ... {% else_if ... %} ... {% /if %}
"""

from __future__ import annotations

import re

from jinja2.exceptions import TemplateSyntaxError

_GIVEN = r"""\s+(\w+)\s*=\s*("[^"]*"|'[^']*')"""
_CONDITION = re.compile(rf"(\{{%-?\s*)(if|else_if|elif)((?:{_GIVEN})+\s*)(-?%\}})")
_ELSE = re.compile(r"(\{%-?\s*)(?:else\s*/|else_if\b)")
# Core closes each part of a condition by itself: {% if %} .. {% /if %}{% else %} .. {% /else %}
_BEFORE_ELSE = re.compile(r"\{%-?\s*/\s*(?:if|else_if)\s*-?%\}(?=\s*\{%-?\s*(?:else|else_if)\b)")
_END = re.compile(r"(\{%-?\s*)/\s*(?:else_if|else)\b")
_INSERTED = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
CONDITIONS = {"has_rows": "", "no_rows": "not "}


def written_for_jinja(source: str) -> str:
    """The text with every such condition as an expression, on the same lines."""
    if "{%" not in source:
        return source
    source = _END.sub(r"\1/if", _BEFORE_ELSE.sub("", source))
    source = _CONDITION.sub(lambda match: _condition(match, source), source)
    return _ELSE.sub(lambda match: match[1] + ("else" if match[0].endswith("/") else "elif"), source)


def _condition(match: re.Match[str], source: str) -> str:
    given = {name: text[1:-1] for name, text in re.findall(_GIVEN, match[3])}
    line = source.count("\n", 0, match.start()) + 1
    if unknown := sorted(given.keys() - {"data", "condition", "where"}):
        raise TemplateSyntaxError(f"'if' has no attribute {unknown[0]!r}; give data, condition or where", line)
    if "data" not in given:
        raise TemplateSyntaxError("'if' needs the attribute 'data'; name a query: data=\"orders\"", line)
    condition = given.get("condition", "has_rows")
    if condition not in CONDITIONS:
        known = " or ".join(CONDITIONS)
        raise TemplateSyntaxError(f"'condition' of 'if' cannot be {condition!r}; write {known}", line)
    where = f"({_joined(given['where'])})" if given.get("where") else "none"
    keyword = "if" if match[2] == "if" else "elif"
    lines = "\n" * match[3].count("\n")
    test = f"{CONDITIONS[condition]}({_joined(given['data'])}) | has_rows({where})"
    return f"{match[1]}{keyword} {test}{lines} {match[6]}"


def _joined(text: str) -> str:
    """A text with `{{ }}` in it as an expression whose values are bound."""
    pieces = []
    for number, piece in enumerate(_INSERTED.split(text)):
        if number % 2:
            pieces.append(f"(({piece}) | in_condition)")
        elif piece:
            pieces.append('"' + piece.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"')
    return " ~ ".join(pieces) or '""'
