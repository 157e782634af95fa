"""Reference tables for the documentation, made from the code itself, so that they cannot lag behind it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import yaml

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pipelines" / "okr_reports"
# Parts of the definitions in the order in which a reader meets them; keys of a type follow their objective.
PARTS = (
    "Settings", "FiscalYearEntry", "StatusLines", "SuccessLines", "ObjectivesPerTeam", "GateLines", "PublishRules",
    "RefreshTimes",
    "Period", "Team", "Kpi", "Where", "Objective",
    "Approval", "IncreaseKeyResult", "DecreaseKeyResult", "AtLeastKeyResult", "AtMostKeyResult", "BetweenKeyResult",
    "CountRangeKeyResult", "MilestonesKeyResult",
    "Milestone", "BinaryKeyResult", "QualitativeKeyResult", "Initiative", "CheckIn", "CheckInSourceEntry",
    "ConfidenceMapping", "Note", "Reopening", "ChannelEntry", "FileSourceEntry", "TableEntry",
    "MeasureMapping", "CurrencyColumn", "NumberMarks", "PivotEntry", "WideEntry",
)  # fmt: skip


# Of a channel's setting that is left out.
WITHOUT = {
    "account_ids": "every account that the API lists for these credentials",
    "start_date": "two years back",
    "lookback_days": "the channel's own",
}
GROUPS = {
    "charts": "Charts", "inputs": "Inputs", "layout": "Layout", "okr": "OKRs", "tables": "Tables", "values": "Values",
    "internal": "Used by the shipped pages",
}  # fmt: skip


def table(names: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A Markdown table; texts may hold anything."""
    head = list(names)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines) + "\n"


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def commands() -> str:
    """Every command with its options."""
    from okr_reports.cli import main

    parts = []
    for name, command in sorted(main.commands.items()):
        context = click.Context(command, info_name=f"okr {name}")
        usage = " ".join([f"okr {name}", *command.collect_usage_pieces(context)])
        rows = [
            (_spelled(option, context), option.help, "required" if option.required else _default(option))
            for option in command.params
            if isinstance(option, click.Option)
        ]
        parts.append(f"## okr {name}\n\n```\n{usage}\n```\n\n{_plain(command.help)}\n")
        parts += [table(("option", "does", "default"), rows)] if rows else []
    return "\n".join(parts)


def _spelled(option: click.Option, context: click.Context) -> str:
    """Its names, with what is to be written after them."""
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    return ", ".join(f"`{name}{value}`" for name in option.opts)


def _plain(text: str | None) -> str:
    return re.sub(r"\n +", "\n", text or "")


def _default(option: click.Option) -> str:
    shown = option.default
    return f"`{shown}`" if isinstance(shown, (int, float, str)) and not option.is_flag else ""


def definitions() -> str:
    """Every key that a definitions file may hold, from the published JSON Schema."""
    schema = json.loads((ROOT / "okr_definitions" / "okr.schema.json").read_text(encoding="utf-8"))
    parts = schema["$defs"]
    return "\n".join(_part(name, parts[name]) for name in PARTS)


def _part(name: str, part: Mapping[str, Any]) -> str:
    required = part.get("required", [])
    rows = [
        (f"`{key}`", _said(described), "required" if key in required else _written(described.get("default")))
        for key, described in sorted(part["properties"].items(), key=lambda one: one[0] not in required)
    ]
    title = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower().capitalize().replace("entry", "").strip()
    return f"### {title}\n\n{part.get('description', '')}\n\n" + table(("key", "value", "default"), rows)


def _written(default: Any) -> str:
    return "" if default is None else f"`{json.dumps(default)}`"


def _said(described: Mapping[str, Any]) -> str:
    """One value of the schema in words."""
    if "$ref" in described:
        return "a table: " + re.sub(r"(?<=[a-z])(?=[A-Z])", " ", described["$ref"].rpartition("/")[2]).lower()
    if "const" in described:
        return f"`{described['const']}`"
    if "enum" in described:
        return ", ".join(f"`{one}`" for one in described["enum"])
    choices = described.get("anyOf") or described.get("oneOf")
    if choices:
        return " or ".join(dict.fromkeys(_said(one) for one in choices if one.get("type") != "null"))
    kind = described.get("type")
    if kind == "array":
        return f"a list of {_said(described.get('items', {}))}"
    if kind == "object":
        return "a table" + (
            f" of {', '.join(f'`{one}`' for one in described['properties'])}" if "properties" in described else ""
        )
    if kind == "string":
        return _text(described)
    return {"number": "a number", "integer": "a whole number", "boolean": "`true` or `false`"}.get(str(kind), "a value")


def _text(described: Mapping[str, Any]) -> str:
    pattern, examples = described.get("pattern", ""), described.get("examples")
    if "%" in pattern:
        return "a share such as `20%`"
    if pattern.startswith("^[a-z]"):
        return "an id"
    return f"such as `{examples[0]}`" if examples else "a text"


def kpis() -> str:
    """Every KPI of the catalogue that a new workspace starts with, by file."""
    parts = []
    for path in sorted((ROOT / "okr_definitions" / "kpis").glob("*.yml")):
        rows = [
            (f"`{kpi['id']}`", _english(kpi["title"]), kpi["kind"], _formula(kpi), kpi["unit"], kpi["better"])
            for kpi in yaml.safe_load(path.read_text(encoding="utf-8")).get("kpis", [])
        ]
        parts.append(f"### kpis/{path.name}\n\n" + table(("id", "title", "kind", "counts", "unit", "better"), rows))
    return "\n".join(parts)


def _english(text: Any) -> str:
    return str(text.get("en") or next(iter(text.values()))) if isinstance(text, dict) else str(text)


def _formula(kpi: Mapping[str, Any]) -> str:
    return f"`{kpi['measure']}`" if "measure" in kpi else f"`{kpi['numerator']}` / `{kpi['denominator']}`"


def gallery() -> str:
    """Every vendor of the gallery: what is counted and where the vendor says so."""
    from okr_reports.adding.gallery import entry, load_contract, names, package_of

    parts = []
    for vendor in map(entry, names()):
        note = f" {vendor['note'][0].upper()}{vendor['note'][1:]}." if "note" in vendor else ""
        secrets = "; ".join(f"`{name}`: {about}" for name, about in vendor["secrets"].items())
        package = package_of(vendor)
        read = f" `{package}` {'asks it' if 'from' in vendor else 'read the same sums'}." if package else ""
        rows = [(f"`{name}`", one["means"]) for name, one in vendor["measures"].items()]
        parts.append(
            f"### {vendor['title']}\n\nId `{vendor['id']}`, kind {vendor['kind']}; [the vendor's documentation]"
            f"({vendor['api']}). Secrets: {secrets}. Licence: {vendor['licence']}.{note}{read}\n\n"
            + table(("measure", "what is counted"), rows)
            + "\n"
            + "; ".join(f"**{name}** {text}" for name, text in load_contract(vendor).items())
            + ".\n"
        )
    return "\n".join(parts)


def channels() -> str:
    """Every channel: what it brings, its settings, its load contract."""
    from okr_reports import catalogue
    from okr_reports.channels.base import find_channel

    parts = []
    for name, info in catalogue.channels().items():
        measures = ", ".join(f"`{one}`" for one in info.measures) or "named by its own settings"
        parts.append(
            f"## {info.title}\n\nId `{name}`, kind {info.kind}. Measures: {measures}. "
            f"{_read_again(info.lookback_days)}\n"
        )
        rows = list(_settings(find_channel(name).settings_class)) if name != "files" else []
        parts += [f"Settings in `[sources.{name}]`:\n\n" + table(("setting", "default"), rows)] if rows else []
        contract = (PACKAGE / "channels" / name / "README.md").read_text(encoding="utf-8")
        parts.append(re.sub(r"^#+ ", "#### ", contract.partition("\n")[2], flags=re.MULTILINE))
    return "\n".join(parts)


def _read_again(days: int) -> str:
    if not days:
        return "A file is read again when it or its declaration has changed."
    return f"Each refresh reads the last {days} days again."


def _settings(kind: type[Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        inner = [
            one for one in (hints[field.name], *typing.get_args(hints[field.name])) if dataclasses.is_dataclass(one)
        ]
        if inner:
            yield from _settings(inner[0], f"{prefix}{field.name}.")  # type: ignore[arg-type]
            continue
        secret = getattr(hints[field.name], "__name__", "") == "Secret"
        yield f"`{prefix}{field.name}`", "secret" if secret else _setting_default(field.name, field.default)


def _setting_default(name: str, default: Any) -> str:
    """As written in TOML; where nothing stands, what that means."""
    if default is dataclasses.MISSING or default == "":
        return ""
    if default is None or default == ():
        return WITHOUT.get(name, "none")
    return f"`{json.dumps(default)}`" if isinstance(default, (bool, int, float, str)) else f"`{default}`"


def components() -> str:
    """Every component that ships, by group, with its attributes."""
    from okr_reports.report_site.dialect.components import load_components

    groups: dict[str, list[str]] = {}
    shipped, _ = load_components([])
    for name, component in sorted(shipped.items()):
        rows = [
            (
                f"`{one.name}`",
                ", ".join(f"`{value}`" for value in one.values) if one.values else one.type,
                "required" if one.required else _written(one.default),
                one.about,
            )
            for one in component.attributes.values()
        ]
        shown = f"#### `{name}`\n\n{component.about}\n\n"
        shown += table(("attribute", "value", "default", "about"), rows) if rows else ""
        groups.setdefault(component.group, []).append(shown)
    for_pages_of_yours_first = sorted(groups.items(), key=lambda one: (one[0] == "internal", one[0]))
    return "\n".join(f"### {GROUPS[name]}\n\n" + "\n".join(parts) for name, parts in for_pages_of_yours_first)


def queries() -> str:
    """Every shared query that ships, with the remark that it begins with."""
    from okr_reports.report_site.pages.reports import SHIPPED_QUERIES

    rows = []
    for path in sorted(SHIPPED_QUERIES.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        remark = itertools.takewhile(lambda line: line.startswith("-- "), text.splitlines())
        takes = sorted(set(re.findall(r"\$\{attributes\.(\w+)\}", text)))
        about = " ".join(line.removeprefix("-- ") for line in remark)
        rows.append((f"`{path.stem}`", about + (f" Takes the component's `{', '.join(takes)}`." if takes else "")))
    return table(("query", "a row of it"), rows)


def marts() -> str:
    """Every public table with its columns, from dbt's own descriptions."""
    parts = []
    for path in sorted((ROOT / "dbt_project" / "models" / "marts").glob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            rows = [(f"`{c['name']}`", c.get("data_type"), c.get("description")) for c in model.get("columns", [])]
            parts.append(
                f"## {model['name']}\n\n{model.get('description', '')}\n\n" + table(("column", "type", "means"), rows)
            )
    return "\n".join(parts)


def deliveries() -> str:
    """The room's own page: settings and promises."""
    text = (PACKAGE / "deliveries" / "README.md").read_text(encoding="utf-8")
    return text.partition("\n")[2]


def security() -> str:
    """SECURITY.md, one copy for the repository's visitors and for this site."""
    return (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("\n")[2]


def shown_file(name: str) -> str:
    """A file of docs/deploy as a block; the name says its language."""
    path = ROOT / "docs" / "deploy" / name
    language = {".yaml": "yaml", ".service": "ini", ".timer": "ini"}.get(path.suffix, "")
    return f"```{language}\n# {name}\n{path.read_text(encoding='utf-8')}```"


MAKERS: dict[str, Callable[[], str]] = {
    one.__name__: one
    for one in (commands, definitions, kpis, channels, gallery, components, queries, marts, deliveries, security)
}
