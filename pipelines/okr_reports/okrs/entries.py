"""One entry of a list becomes a model, or findings that name the line of each mistake in it."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from okr_reports.errors import Finding
from okr_reports.okrs.findings import mistake
from okr_reports.okrs.place import Located, UnknownKey
from okr_reports.okrs.words import nearest, shown
from okr_reports.okrs.yaml_reader import Mapping, Sequence

# More than this in one entry is not a set of mistakes but another kind of file.
MAX_FINDINGS = 100

M = TypeVar("M", bound=Located)


def read_entry(model: type[M], entry: Any, path: str, line: int) -> tuple[M | None, list[Finding]]:
    """The entry as `model`, or None with every mistake found in it; `line` is where the entry stands."""
    unknown: list[UnknownKey] = []
    try:
        return model.model_validate(entry, context=unknown), []
    except ValidationError as error:
        findings = [
            mistake(path, key.line, f"unknown key {shown(key.key)}", nearest(key.key, key.known))
            for key in unknown[:MAX_FINDINGS]
        ]
        for details in error.errors(include_url=False, include_input=False):
            if details["type"] == "extra_forbidden":
                continue  # said above, with the keys there are
            if len(findings) >= MAX_FINDINGS:
                break
            where, key = _where(entry, details["loc"], line)
            what, todo = _words(details)
            findings.append(mistake(path, where, f"{key}: {what}" if key else what, todo))
        return None, findings


def _where(entry: Any, location: tuple[int | str, ...], line: int) -> tuple[int, str]:
    """The line of pydantic's location and the key there, "" for a list's entry; names of union members are skipped."""
    node, key = entry, ""
    for part in location:
        if isinstance(node, Mapping) and part in node:
            key = str(part)
            line, node = node.lines[key], node[key]
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node):
            line, node = node.lines[part], node[part]
            key = "" if isinstance(node, Mapping) else key
    return line, shown(key)[1:-1]


def _words(error: ErrorDetails) -> tuple[str, str]:
    context: AnyMapping[str, Any] = error.get("ctx") or {}
    match error["type"]:
        case "okr":
            return str(context["what"]), str(context["todo"])
        case "missing":
            key = error["loc"][-1]
            return f"the key `{key}` is missing", f"write `{key}:` with its value"
        case "union_tag_not_found":
            return "the key `type` is missing", "write `type:` with one of the key-result types"
        case "union_tag_invalid":
            expected = [tag.strip(" '") for tag in str(context["expected_tags"]).split(",")]
            tag = str(context["tag"])
            return f"{shown(tag)} is not a type allowed here", nearest(tag, expected)
        case "list_type":
            return "a list belongs here", "start each item with `- `, or write [a, b]"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "a mapping belongs here", "write `key: value` lines below it"
        case "too_short":
            return "nothing is listed here", "list at least one, or remove the key"
        case _:
            return error["msg"], "see the keys in docs/okrs.md"
