"""The documentation builds, names everything there is to name, and shows nothing that would not work."""

from __future__ import annotations

import dataclasses
import html
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import typing
import zipfile

import click
import pytest
import yaml

from okr_reports import catalogue
from okr_reports.channels.base import find_channel
from okr_reports.cli import main
from okr_reports.deliveries.configuration import DeliverySettings, SmtpSettings, TargetSettings
from tests.support import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built pages: their text by name, as `mkdocs build --strict` makes them."""
    folder = tmp_path_factory.mktemp("docs")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q", "--strict", "-d", folder],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}


def code(page: str) -> set[str]:
    """Everything a page shows as code."""
    return {html.unescape(re.sub("<[^>]+>", "", text)) for text in re.findall(r"<code>(.*?)</code>", page, re.DOTALL)}


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (f"{path.name}: {text.splitlines()[0]}", text)
        for path in PAGES
        for kind, text in BLOCK.findall(path.read_text(encoding="utf-8"))
        if kind == language
    ]


def test_every_command_and_option_is_there(site):
    shown = {text.split()[0] for text in code(site["commands"])}
    for name, command in main.commands.items():
        assert f"okr {name}" in site["commands"]
        for option in (one for one in command.params if isinstance(one, click.Option)):
            assert set(option.opts) <= shown, name


def test_every_key_of_the_definitions_is_there(site):
    schema = json.loads((ROOT / "okr_definitions" / "okr.schema.json").read_text(encoding="utf-8"))
    shown = code(site["okrs"])
    keys = {key for part in schema["$defs"].values() for key in part["properties"]} | set(schema["properties"])
    assert keys - shown == set()


def test_every_channel_and_setting_is_there(site):
    shown = code(site["channels"])
    for name, info in catalogue.channels().items():
        assert {name, *info.measures} <= shown, name
        if name != "files":
            assert set(settings(find_channel(name).settings_class)) <= shown, name


def settings(kind, prefix=""):
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        inner = [t for t in (hints[field.name], *typing.get_args(hints[field.name])) if dataclasses.is_dataclass(t)]
        yield from settings(inner[0], f"{prefix}{field.name}.") if inner else [f"{prefix}{field.name}"]


def test_every_setting_of_deliveries_is_there(site):
    text = " ".join(code(site["deliveries"]))
    for kind in (SmtpSettings, TargetSettings, DeliverySettings):
        for field in dataclasses.fields(kind):
            if field.name != "name":
                assert re.search(rf"\b{field.name}\b", text), field.name


def test_every_component_and_attribute_is_there(site):
    shown = code(site["pages"])
    for path in (ROOT / "pipelines" / "okr_reports" / "report_site" / "builtin" / "components").glob("*.html"):
        told = yaml.safe_load(path.read_text(encoding="utf-8").split("---")[1])
        assert {path.stem, *(told.get("attributes") or {})} <= shown, path.stem


def test_every_kpi_and_every_column_of_the_marts_is_there(site):
    for path in (ROOT / "okr_definitions" / "kpis").glob("*.yml"):
        listed = {kpi["id"] for kpi in yaml.safe_load(path.read_text(encoding="utf-8")).get("kpis", [])}
        assert listed <= code(site["kpis"])
    for path in (ROOT / "dbt_project" / "models" / "marts").glob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            assert f">{model['name']}<" in site["marts"]
            assert {column["name"] for column in model["columns"]} <= code(site["marts"])


def test_every_variable_of_the_environment_is_there(site):
    names = {
        name
        for path in (ROOT / "pipelines" / "okr_reports").rglob("*.py")
        for name in re.findall(r"environ(?:\.get\(|\[)\"(OKR_\w+)\"", path.read_text(encoding="utf-8"))
    }
    assert {"OKR_TODAY", "OKR_DATA_DIR"} <= names
    shown = " ".join(code(site["operating"]))
    assert [name for name in sorted(names) if name not in shown] == []


def test_pages_load_nothing_from_other_hosts(site):
    loads = re.compile(r"<(?:script|img|link)[^>]+(?:src|href)=\"(?:https?:)?//[^\"]+")
    assert [found for text in site.values() for found in loads.findall(text)] == []


def command_lines():
    """Each `okr ...` that a page tells a reader to type."""
    for path in PAGES:
        for kind, text in BLOCK.findall(path.read_text(encoding="utf-8")):
            for line in text.splitlines() if kind in ("sh", "console") else ():
                typed = line.removeprefix("$ ") if kind == "console" else line
                if kind == "console" and typed == line:
                    continue  # what it answers
                typed = re.sub(r" \d?>.*", "", typed)
                yield from ((path.name, part) for part in re.findall(r"(?:^|&& |-- |bin/)(okr [^&|]*)", typed))


@pytest.mark.parametrize(("page", "line"), list(command_lines()))
def test_what_a_page_tells_to_type_is_a_command(page, line):
    words = shlex.split(line, comments=True)[1:]
    if "--" in words:
        words = words[: words.index("--")]
    command = main.commands[words[0]]
    # raises UsageError for an option that is not there
    command.make_context(words[0], words[1:], resilient_parsing=False)


@pytest.mark.parametrize(("where", "text"), blocks("yaml") + blocks("toml"))
def test_examples_can_be_read(where, text):
    if re.match(r"# \.dlt/|\[", text):
        assert tomllib.loads(text)
    else:
        assert yaml.safe_load(text)


@pytest.mark.parametrize("page", ["first-hour.md", "kpis.md", "okrs.md"])
def test_the_examples_of_a_page_pass_check(page, tmp_path):
    """Beside the settings and KPIs that a new workspace has; a missing check-in and the like are warnings."""
    from okr_reports import okrs

    definitions = ROOT / "okr_definitions"
    (tmp_path / "settings.yml").write_bytes((definitions / "settings.yml").read_bytes())
    (tmp_path / "linkedin.yml").write_bytes((definitions / "kpis" / "linkedin_ads.yml").read_bytes())
    for number, (where, text) in enumerate(blocks("yaml")):
        if where.startswith(page):
            (tmp_path / f"{number}.yml").write_text(text, encoding="utf-8")
    _, found = okrs.check(tmp_path)
    assert [str(one) for one in found if one.severity == "error"] == []


def test_the_container_is_made_of_named_paths_that_are_enough(tmp_path):
    """What its file copies is put into an empty folder, and the wheel is built there; secrets and data stay out."""
    copied = [
        word
        for line in (DOCS / "deploy" / "Containerfile").read_text(encoding="utf-8").splitlines()
        if line.startswith("COPY ")
        for word in line.split()[1:-1]
    ]
    assert not {".", ".dlt", ".okr", ".dlt/secrets.toml"} & set(copied)
    for name in copied:
        target = tmp_path / "src" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, target)
    for source, folder in ((tmp_path / "src", "there"), (ROOT, "here")):
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / folder]
        # The folder that is copied has no repository to ask.
        known = {**os.environ, "OKR_COMMIT": "0123456789ab"}
        subprocess.run(build, cwd=source, env=known, check=True, capture_output=True)
    names = [
        {name for name in zipfile.ZipFile(next((tmp_path / folder).glob("*.whl"))).namelist() if ".pyc" not in name}
        for folder in ("there", "here")
    ]
    assert names[0] == names[1]


def test_nothing_that_ships_listens_on_the_network():
    texts = [path.read_text(encoding="utf-8") for path in [*(DOCS / "deploy").iterdir(), *PAGES, ROOT / "Makefile"]]
    assert not any(re.search(r"(-h|--host)[ =,\"]+(0\.0\.0\.0|::)", text) for text in texts)
    manifests = list(yaml.safe_load_all((DOCS / "deploy" / "kubernetes.yaml").read_text(encoding="utf-8")))
    assert [one["kind"] for one in manifests] == ["PersistentVolumeClaim", "Deployment"]
