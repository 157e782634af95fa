"""Expressions of JavaScript in pages, as far as templates have the same: values of queries, comparisons, formats."""

from __future__ import annotations

import re
from collections.abc import Collection

_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_LITERAL = re.compile(r"`([^`]*)`")
_ALLOWED = re.compile(r"[\w\s.\[\]()\"'+\-*/%<>=!,|~:]*")
_WORDS = {
    "===": "==", "!==": "!=", "&&": " and ", "||": " or ", "?.": ".", "null": "none", "undefined": "none", "??": " or ",
}  # fmt: skip
_KEPT = (
    "and",
    "or",
    "not",
    "none",
    "true",
    "false",
    "if",
    "else",
    "in",
    "is",
    "fmt",
    "length",
    "round",
    "upper",
    "lower",
)


def literal(written: str) -> str | list[str] | bool | float | None:
    """The value of an attribute where it is one: a text, a number, true or false, a list of texts; else None."""
    if written[:1] in "\"'":
        return written[1:-1]
    if not written.startswith("{"):
        return _plain(written)
    inside = written[1:-1].strip()
    if _TEXT.fullmatch(inside):
        return inside[1:-1]
    if inside.startswith("[") and inside.endswith("]"):
        parts = [part.strip() for part in inside[1:-1].split(",") if part.strip()]
        if all(_TEXT.fullmatch(part) for part in parts):
            return [part[1:-1] for part in parts]
        return None
    return _plain(inside) if re.fullmatch(r"true|false|-?\d+(\.\d+)?", inside) else None


def _plain(text: str) -> str | bool | float:
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d+\.\d+", text) else text


def expression(js: str, names: Collection[str]) -> str | None:
    """The same for a template; None for what it has no word for. `names` are queries, loop variables and the like."""
    js = js.strip().rstrip(";")
    if match := re.fullmatch(r"fmt\((.+),\s*(['\"])([^'\"]+)\2\s*\)", js, re.DOTALL):
        inner = expression(match[1], names)
        return None if inner is None else f'({inner}) | fmt("{match[3]}")'
    if match := re.fullmatch(r"`([^`]*)`", js):
        return _template(match[1], names)
    if (parts := _ternary(js)) is not None:
        made = [expression(part, names) for part in parts]
        return None if None in made else f"(({made[1]}) if ({made[0]}) else ({made[2]}))"
    if match := re.fullmatch(r"(.+)\.toFixed\((\d)\)", js, re.DOTALL):
        inner = expression(match[1].strip("() ") if match[1].startswith("(") else match[1], names)
        return None if inner is None else f'({inner}) | fmt("num{match[2]}")'
    js = re.sub(r"\.(toLocaleString|toString)\([^()]*\)", "", js)
    js = re.sub(r"\bMath\.round\(([^()]+)\)", r"(\1 | round)", js)
    texts: list[str] = []

    def kept(match: re.Match[str]) -> str:
        texts.append('"' + match[0][1:-1].replace('"', '\\"') + '"')
        return f" \0{len(texts) - 1}\0 "

    bare = _TEXT.sub(kept, js)
    for word, other in sorted(_WORDS.items(), key=lambda pair: -len(pair[0])):
        bare = re.sub(rf"\b{word}\b", other, bare) if word.isalpha() else bare.replace(word, other)
    bare = bare.replace(".[", "[")
    bare = re.sub(r"!(?!=)", " not ", bare)
    bare = re.sub(r"([\w.\[\]]+)\.length\b", r"(\1 | length)", bare)
    if not _ALLOWED.fullmatch(re.sub(r"\0\d+\0", "", bare)) or re.search(
        r"\w\s*\((?!\w+ \|)|=>|[^=!<>]=[^=]|\+\+", bare
    ):
        return None
    roots = re.findall(r"(?<![\w.\]|])\b([A-Za-z_]\w*)", re.sub(r"\0\d+\0", "", bare))
    if not all(root in names or root in _KEPT for root in roots):
        return None
    whole = re.sub(r"\0(\d+)\0", lambda match: texts[int(match[1])], bare)
    return whole.replace(" + ", " ~ ").strip() if texts else whole.strip()


def _template(text: str, names: Collection[str]) -> str | None:
    parts = []
    for number, part in enumerate(re.split(r"\$\{([^}]*)\}", text)):
        made = expression(part, names) if number % 2 else f'"{part}"'
        if made is None:
            return None
        if made != '""':
            parts.append(f"({made})" if number % 2 else made)
    return " ~ ".join(parts) or '""'


def _ternary(js: str) -> tuple[str, str, str] | None:
    depth, mark = 0, -1
    for place, letter in enumerate(js):
        depth += (letter in "([{") - (letter in ")]}")
        if (
            letter == "?"
            and not depth
            and js[place + 1 : place + 2] not in (".", "?")
            and js[place - 1] != "?"
            and mark < 0
        ):
            mark = place
        if letter == ":" and not depth and mark >= 0:
            return js[:mark], js[mark + 1 : place], js[place + 1 :]
    return None
