"""`okr extension new`: a package that brings something of its own, with one working example and a test of it."""

from __future__ import annotations

import re
from pathlib import Path

from okr_reports.errors import OkrError

# Each template has the files of one entry-point group; {name} is the package, {scheme} the same as a URL writes it.
_PYPROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "0.1.0"
description = "{about}"
requires-python = ">=3.11"
dependencies = ["okr-reports"]

[project.entry-points."okr_reports.{kind}"]
{point}
"""
_README = """# {name}

{about} Made by `okr extension new {name} --kind {kind}`.

- `src/{name}/` is the package; the entry point in `pyproject.toml` is how okr-reports finds it once it is installed.
- `pip install -e .` beside okr-reports, then `okr extension check {name}` and `python -m pytest tests`.
- {where}
"""
_COMPONENT = """---
about: A number in a frame.
attributes:
  value: {{type: text, required: true, about: What is framed.}}
---
<p><strong>{{{{ value }}}}</strong></p>
"""
_PRESET = """# The export of a vendor: its columns, and what they are here.
id: {name}
title: {title}
kind: other
channel: {name}
signature: [{title} id]
date: [Day]
campaign_id: ["{title} id"]
measures: {{leads: [Leads]}}
kpis:
  - {{id: leads, title: {title} leads, measure: leads, unit: count, better: higher}}
"""
_CONFORMS = """from okr_reports.commands.extension_check import check_extensions


def test_it_conforms():
    tried, wrong = check_extensions("{name}")
    assert tried
    assert wrong == []
"""
_PRESET_TEST = """from okr_reports.commands.extension_check import check_extensions
from okr_reports.okrs.presets import find_preset


def test_it_conforms():
    assert check_extensions("{name}")[1] == []


def test_the_preset_is_found():
    preset = find_preset("{name}")
    assert preset.source_fields()["measures"].keys() == {{"leads"}}
"""
_CHANNEL = """# A vendor for `okr add --channel {name}`: how its API is asked, what its fields mean, secrets, KPIs.
id: {name}
title: {title}
kind: other
api: https://docs.vendor.example/deals
licence: written for this package
settings:
  region: the first part of the address, such as eu
secrets:
  token: an API token that may read deals
declaration:                       # dlt's declarative REST source: docs/vendors.md
  client:
    base_url: https://{{region}}.vendor.example/v1
    auth: bearer
    paginator: {{type: page_number, base_page: 1, total_path: pages}}
  resources:
  - name: rows
    primary_key: id
    endpoint:
      path: deals
      params: {{from: "{{start_date}}", to: "{{end_date}}"}}
      data_selector: data
channel: {{date: won_on, lookback_days: 30}}
measures:
  deals_won: {{from: {{count: rows, where: {{stage: won}}}}, means: deals in the stage won}}
kpis:
- {{id: deals_won, title: Deals won, measure: deals_won, unit: count, better: higher}}
"""
_TYPE = '''"""A type of key result: one object says everything of it."""

from okr_reports.key_result_types.rule import KeyResultType, ratio

TYPE = KeyResultType(
    name="{name}",
    position=20,
    shape="move",
    better="higher",
    about="The value over the target, whatever it began from.",
    progress=ratio("value", "target"),
    forecast_side="above",
    expected_value="expected * target",
    goal_of_count="of %(target)s",
    detail={{"other": "%(value)s of %(target)s"}},
    # Tried by the tests of every type: what a row holds, and its progress.
    examples=[({{"kpi_kind": "flow", "value": 50, "target": 200}}, 0.25), ({{"value": 1}}, None)],
)
'''
_DELIVERY = '''"""A place that a site is sent to: targets whose url begins with {scheme}://."""

import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit


def send(url, release, options):
    """Make the place at `url` show the site in the folder `release`; in words what was done.

    `options` are those of the target in .dlt/: whatever is secret there is taken out of errors. Raise any exception
    with what went wrong: the refresh goes on and names the target.
    """
    place = Path(unquote(urlsplit(url).path))
    shutil.copytree(release, place, dirs_exist_ok=True)
    return f"copied to {{place}}"
'''
_DELIVERY_TEST = """from okr_reports.commands.extension_check import check_extensions
from okr_reports.deliveries.targets import publish_to


def test_it_conforms():
    assert check_extensions("{name}")[1] == []


def test_a_site_is_sent(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<p>here</p>")
    said = publish_to(f"{scheme}://host{{tmp_path}}/there", site, work_dir=tmp_path / "work")
    assert "there" in said
    assert (tmp_path / "there" / "index.html").read_text() == "<p>here</p>"
"""
# By entry-point group: what it is, where it shows, the entry point, its files.
_KINDS = {
    "components": (
        "Components of report pages.", "Pages write its components as tags, `okr check` names their mistakes.",
        '{name} = "{name}"',
        {"src/{name}/{name}.html": _COMPONENT, "src/{name}/__init__.py": "", "test": _CONFORMS},
    ),
    "presets": (
        "Exports of vendors.", "`okr add FILE` knows the export by its header, `preset: {name}` names it.",
        '{name} = "{name}"', {"src/{name}/{name}.yml": _PRESET, "src/{name}/__init__.py": "", "test": _PRESET_TEST},
    ),
    "channels": (
        "Vendors for `okr add --channel`.", "`okr add --channel {name}` writes its declaration, mapping and KPIs.",
        '{name} = "{name}"', {"src/{name}/{name}.yml": _CHANNEL, "src/{name}/__init__.py": "", "test": _CONFORMS},
    ),
    "key_result_types": (
        "A type of key result.", "Key results write `type: {name}`.",
        '{name} = "{name}:TYPE"', {"src/{name}/__init__.py": _TYPE, "test": _CONFORMS},
    ),
    "deliveries": (
        "A place that sites are sent to.", "A target's `url` begins with `{scheme}://`.",
        '"{scheme}" = "{name}:send"', {"src/{name}/__init__.py": _DELIVERY, "test": _DELIVERY_TEST},
    ),
}  # fmt: skip
KINDS = tuple(_KINDS)


def make_extension(name: str, kind: str, into: Path) -> Path:
    """Write the package `name` of a kind (an entry-point group) into the folder `into`; its folder.

    Raises OkrError for a name that no package can have, and where something is there already; nothing is written then.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name) or name.startswith("okr_reports"):
        raise OkrError(f"{name!r} cannot be its name; write a-z, 0-9 and _, a letter first, and not okr_reports")
    folder = into / name
    if folder.exists():
        raise OkrError(f"{folder} is there already; choose another name, or another folder with --into")
    about, where, point, files = _KINDS[kind]
    words = {"name": name, "kind": kind, "scheme": name.replace("_", "-"), "title": name.replace("_", " ").title()}
    words |= {"about": about, "where": where.format(**words), "point": point.format(**words)}
    written = {"pyproject.toml": _PYPROJECT, "README.md": _README, **files}
    for place, text in written.items():
        path = folder / (f"tests/test_{name}.py" if place == "test" else place.format(**words))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**words), encoding="utf-8")
    return folder
