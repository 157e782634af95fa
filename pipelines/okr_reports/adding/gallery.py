"""`okr add --channel NAME`: a vendor's declaration, mapping and KPIs, from the gallery into the definitions.

The gallery is data: `gallery/NAME.yml` holds how the vendor's API is asked (`declaration`, dlt's declarative REST
source, or `from`, a connector that is a package), what its fields mean and where the vendor says so, its secrets'
names, and KPIs. Nothing of it is read after it was written out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import yaml

from okr_reports import okrs
from okr_reports.catalogue import is_money
from okr_reports.errors import OkrError, shown_path
from okr_reports.okrs.words import nearest
from okr_reports.okrs.written import flow
from okr_reports.settings import Workspace

FOLDER = Path(__file__).parent / "gallery"
CHANNELS = "channels"
# Its entry points name packages whose folders hold entries as `gallery/` does.
GROUP = "okr_reports.channels"
# What was tried of each entry: tests/adding/test_gallery.py; with a package: tests/clients/test_gallery.py.
_NEVER = "never against the vendor itself"
PROVED = f"asked, paged and summed against a local stand-in with answers in the vendor's documented form; {_NEVER}"


def places() -> dict[str, Path]:
    """The file of each vendor there is, by name: ours, then those of installed packages (GROUP)."""
    found = {path.stem: path for path in sorted(FOLDER.glob("*.yml"))}
    for point in entry_points(group=GROUP):
        found = {**entries_in(point.value), **found}
    return found


def entries_in(package: str) -> dict[str, Path]:
    """The entries in an installed package's folder. Raises ImportError."""
    return {path.stem: path for path in sorted(Path(str(files(package))).glob("*.yml"))}


def names() -> list[str]:
    """The vendors there are."""
    return sorted(places())


def entry(name: str) -> dict[str, Any]:
    """A vendor's entry. Raises OkrError for a name that there is none of."""
    if name not in names():
        raise OkrError(f"the gallery has no channel {name!r}; {nearest(name, names())} See `okr add --channel`")
    found: dict[str, Any] = yaml.safe_load(places()[name].read_text(encoding="utf-8"))
    return found


def faults(name: str) -> Iterator[str]:
    """What an entry lacks, or what `okr check` would say of what is written of it."""
    vendor = entry(name)
    needed = ("id", "title", "kind", "api", "licence", "settings", "secrets", "channel", "measures", "kpis")
    if missing := [key for key in needed if key not in vendor]:
        yield f"it has no {', '.join(missing)}; write them as the gallery's entries do"
        return
    if vendor["id"] != name or not str(vendor["api"]).startswith("https://"):
        yield f"its id {vendor['id']!r} is the file's name, and `api` the https address of the vendor's documentation"
    if ("declaration" in vendor) == ("from" in vendor) or ("from" in vendor) != ("hosts" in vendor):
        yield "it has either `declaration`, or `from` (a package) with `hosts`"
        return
    words = [vendor["title"], vendor["licence"], *vendor["settings"].values(), *vendor["secrets"].values()]
    words += [meaning.get("means") for meaning in vendor["measures"].values()]
    if not vendor["secrets"] or not all(isinstance(text, str) and text.strip() for text in words):
        yield "every setting, secret and measure says in words what it is, and there is a secret"
    used = {kpi.get(part) for kpi in vendor["kpis"] for part in ("measure", "numerator", "denominator")} - {None}
    if not used or used - set(vendor["measures"]):
        yield f"its KPIs use measures that it has, {', '.join(vendor['measures'])}, and there is one"
    if not all(load_contract(vendor).values()):
        yield "its load contract has gaps"
    with TemporaryDirectory() as folder:
        definitions = Path(folder) / "okr_definitions"
        definitions.mkdir()
        (definitions / "settings.yml").write_text("settings: {organisation: A, currency: EUR}\n", encoding="utf-8")
        try:
            add_channel(Workspace(definitions, Path(folder) / "reports", Path(folder) / ".okr"), name)
        except OkrError as error:
            yield str(error)


def package_of(vendor: dict[str, Any]) -> str:
    """The package, with its version, that reads the same sums from the vendor's stand-in; "" where none was tried."""
    return str(next(iter(vendor.get("from", vendor.get("tried_with", {})).values()), ""))


def proved(vendor: dict[str, Any]) -> str:
    """What was tried of an entry, in words; of a package's nothing is known here."""
    if places()[vendor["id"]].parent != FOLDER:
        return "brought by a package, which says what was tried of it"
    package = package_of(vendor)
    read = f"read by {package} from a local stand-in of the vendor's own host"
    if "from" in vendor:
        return f"{read}, with exact sums; {_NEVER}"
    return PROVED.replace(f"; {_NEVER}", f"; the same sums were {read}; {_NEVER}") if package else PROVED


def load_contract(vendor: dict[str, Any]) -> dict[str, str]:
    """How an entry loads, read from what it says: who asks whom, for which days, what a row is, what is replaced."""
    mapped, declared = vendor["channel"], vendor.get("declaration")
    client: dict[str, Any] = declared["client"] if declared else {}
    records: dict[str, Any] = declared["resources"][0] if declared else {}
    endpoint = records.get("endpoint", {})
    texts = json.dumps([declared, vendor.get("config")])
    has_days = "{start_" in texts or "start_date" in texts
    roles = [role for role in ("account_id", "campaign_id") if role in mapped]
    key = f"; a record that comes twice (`{records['primary_key']}`) counts once" if "primary_key" in records else ""
    currency = mapped.get("currency", "the reporting currency")
    money = f"that of the column `{currency['column']}`" if isinstance(currency, dict) else currency.strip("{}")
    found = {
        "asks": f"`{endpoint.get('method', 'GET')} {client['base_url']}/{endpoint['path']}`"
        if declared
        else f"`{package_of(vendor)}`, which reaches {', '.join(vendor['hosts'])}",
        "signs in by": f"`{_type(client['auth'])}`" if declared else "what its package says",
        "pages": f"`{_type(client['paginator'])}`" if declared else "what its package says",
        "days": "the window's" if has_days else "all records each time",
        "grain": ", ".join([f"day (`{mapped['date']}`)", *(f"`{mapped[role]}`" for role in roles)]) + key,
        "replaces": f"the last {mapped['lookback_days']} days" if has_days else "every day from the first record on",
        "day of": mapped.get("timezone", "what the vendor writes"),
        "currency": money.replace("_", " "),
    }
    if not any(is_money(name) or "money" in meaning["from"] for name, meaning in vendor["measures"].items()):
        del found["currency"]
    return found


def _type(written: Any) -> str:
    return str(written if isinstance(written, str) else written["type"])


def listed() -> list[dict[str, Any]]:
    """Every vendor with what it brings, as JSON."""
    return [
        {
            "channel": vendor["id"],
            "title": vendor["title"],
            "kind": vendor["kind"],
            "measures": sorted(vendor["measures"]),
            "secrets": sorted(vendor["secrets"]),
            "api": vendor["api"],
            "licence": vendor["licence"],
            "load_contract": load_contract(vendor),
            "proved": proved(vendor),
            **({"note": vendor["note"]} if "note" in vendor else {}),
        }
        for vendor in map(entry, names())
    ]


def lines() -> list[str]:
    """The list in words, by kind."""
    found = sorted(listed(), key=lambda vendor: (vendor["kind"], vendor["channel"]))
    packages = {name: package_of(entry(name)) for name in names()}
    said = [
        f"{vendor['kind']:10} {vendor['channel']:16} {', '.join(vendor['measures'])}"
        f"{' *' if packages[vendor['channel']] else ''}"
        for vendor in found
    ]
    others = "* the same sums were read by a package of others: --json names it"
    return [*said, f"okr add --channel NAME writes one. Each was {PROVED}.", others]


def add_channel(workspace: Workspace, name: str) -> dict[str, Any]:
    """Write declaration, channel and KPIs, checked before they stay; what was written, as JSON. Raises OkrError."""
    vendor = entry(name)
    folder = workspace.definitions_dir / CHANNELS
    defined = okrs.read(workspace.definitions_dir)
    if any(source.channel == name for source in defined.file_sources):
        raise OkrError(f"there is a channel {name} already; remove it first, or change it by hand")
    texts = {folder / f"{name}.yml": channel_text(vendor, set(defined.kpi_by_id), defined.settings.currency)}
    if "declaration" in vendor:
        texts = {folder / f"{name}_api.yml": declaration_text(vendor), **texts}
    if there := [path for path in texts if path.exists()]:
        raise OkrError(f"{shown_path(there[0])} is there already; move it away first")
    kept = [
        f"{kpi.id} ({kpi.place.path}:{kpi.place.at('id')})"
        for kpi in map(defined.kpi_by_id.get, _kpi_ids(vendor))
        if kpi is not None
    ]
    before = _mistakes(workspace)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
        if new := [mistake for mistake in _mistakes(workspace) if mistake not in before]:
            raise OkrError("\n".join(new))
    except BaseException:
        for path in texts:
            path.unlink(missing_ok=True)
        raise
    first = f"okr channel lock {name}, then " if "from" in vendor else ""
    return {
        "channel": name,
        "written": [str(shown_path(path)) for path in texts],
        "kpis_kept": kept,
        "settings": vendor["settings"],
        "secrets": vendor["secrets"],
        "proved": proved(vendor),
        "next": f"{first}okr doctor, then okr refresh --channel {name}",
    }


def say(answer: dict[str, Any]) -> None:
    """What was written and what to fill in, in words."""
    name = answer["channel"]
    *declaration, channel = answer["written"]
    source = f"{declaration[0]} says how its API is asked" if declaration else "a package asks its API"
    click.echo(f"{channel}: written, with its KPIs; {source}")
    for kept in answer["kpis_kept"]:
        click.echo(f"the KPI {kept} is there already and stays; the gallery's was not written")
    for file, kind in ((".dlt/config.toml", "settings"), (".dlt/secrets.toml", "secrets")):
        if answer[kind]:
            click.echo(f"put into {file}:")
            click.echo(f"  [sources.{name}]")
            for key, about in answer[kind].items():
                click.echo(f'  {key} = "..."    # {about}')
    click.echo(f"It was {answer['proved']}: compare its first days with the vendor's own screen.")
    click.echo(f"next: {answer['next']}")


def declaration_text(vendor: dict[str, Any]) -> str:
    """The declaration file."""
    body = yaml.safe_dump(vendor["declaration"], sort_keys=False, allow_unicode=True, width=110)
    return f"# How {vendor['title']} is asked: {vendor['api']}\n{body}"


def channel_text(vendor: dict[str, Any], taken: set[str], currency: str) -> str:
    """The definitions: the channel with what each measure means, and the KPIs whose ids are free.

    `currency`: the reporting one, for vendors that do not say theirs.
    """
    name = vendor["id"]
    head = [f"# {vendor['title']}: {vendor['api']}", f"# Licence: {vendor['licence']}."]
    head += [f"# {vendor['note'][0].upper()}{vendor['note'][1:]}."] if "note" in vendor else []
    for file, kind in ((".dlt/config.toml", "settings"), (".dlt/secrets.toml", "secrets")):
        head += [f"# [sources.{name}] {key} in {file}: {about}" for key, about in vendor[kind].items()]
    fixed = {"title": vendor["title"], "kind": vendor["kind"], "from": vendor.get("from", {"rest": f"{name}_api.yml"})}
    fixed |= {"config": vendor["config"]} if "config" in vendor else {}
    fixed |= {"hosts": vendor["hosts"]} if "hosts" in vendor else {}
    fixed["stream"] = vendor.get("stream", "rows")
    said = {key: currency if value == "{reporting_currency}" else value for key, value in vendor["channel"].items()}
    keys = [f"    {key}: {flow(value)}" for key, value in {**fixed, **said}.items()]
    measures = [
        f"      {measure}: {flow(meaning['from'])}    # {meaning['means']}"
        for measure, meaning in vendor["measures"].items()
    ]
    kpis = []
    for kpi_id, kpi in zip(_kpi_ids(vendor), vendor["kpis"], strict=True):
        kind = "flow" if "measure" in kpi else "ratio"
        rest = {key: value for key, value in kpi.items() if key != "id"}
        whole = {"id": kpi_id, **rest, "title": f"{vendor['title']}: {kpi['title']}", "kind": kind}
        if kpi_id not in taken:
            kpis.append(f"  - {flow({**whole, 'where': {'channel': name}})}")
    body = [*head, "channels:", f"  - id: {name}", *keys, "    measures:", *measures]
    return "\n".join([*body, *(["kpis:", *kpis] if kpis else [])]) + "\n"


def _kpi_ids(vendor: dict[str, Any]) -> list[str]:
    return [f"{vendor['id']}_{kpi['id']}"[:63] for kpi in vendor["kpis"]]


def _mistakes(workspace: Workspace) -> list[str]:
    return [str(finding) for finding in okrs.check(workspace.definitions_dir)[1] if finding.severity == "error"]
