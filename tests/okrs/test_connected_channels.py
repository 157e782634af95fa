"""Channels with `from`: every mistake of the entry and of its declaration has its path and line."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest

from okr_reports import okrs
from okr_reports.okrs import declarations

ENTRY = """channels:
  - id: crm
    kind: crm
    from: {rest: crm.yml}
    stream: deals
    date: closed
    measures: {deals: {count: rows}}
"""
DECLARED = """client:
  base_url: https://crm.example/v1
  paginator: single_page
resources:
  - name: deals
    endpoint: {path: deals}
"""


def found(folder: Path, entry: str = ENTRY, declared: str | None = DECLARED) -> list[str]:
    folder.mkdir(exist_ok=True)
    (folder / "settings.yml").write_text("settings: {organisation: A, currency: EUR, timezone: Europe/Madrid}\n")
    (folder / "channels.yml").write_text(entry)
    if declared is not None:
        (folder / "crm.yml").write_text(declared)
    return [str(one).removeprefix(f"{folder}/") for one in okrs.check(folder)[1]]


def test_a_declaration_is_no_definition(tmp_path: Path) -> None:
    assert found(tmp_path / "okrs") == []
    defined = okrs.read(tmp_path / "okrs")
    [source] = defined.file_sources
    assert (source.id, source.channel, source.connector.kind, source.connector.lookback_days) == (
        "crm",
        "crm",
        "crm",
        30,
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{rest: crm.yml}", "{rest: other.yml}", "channels.yml:4: error: there is no file `other.yml`"),
        ("{rest: crm.yml}", "{rest: ../crm.yml}", "channels.yml:4: error: `../crm.yml` lies outside okr_definitions/"),
        ("{rest: crm.yml}", "{rest: crm.yml, dlt: 'a:b'}", "channels.yml:4: error: from: `from` names 2 runners"),
        ("{rest: crm.yml}", "{}", "channels.yml:4: error: from: `from` names no runner"),
        (
            "{rest: crm.yml}",
            "{rest: https://crm.example}",
            "from: `https://crm.example` is no YAML",
        ),
        (
            "{rest: crm.yml}",
            "{singer: tap-crm}",
            "from: `tap-crm` names no package of one version",
        ),
        ("{rest: crm.yml}", "{singer: tap-crm @ https://x/y}", "names no package of one version"),
        ("{rest: crm.yml}", "{airbyte: source-crm>=1}", "names no package of one version"),
        ("{rest: crm.yml}", "{dlt: 'os.system(1)'}", "channels.yml:4: error: from: `os.system(1)` is no source"),
        ("{rest: crm.yml}", "{meltano: x}", "channels.yml:4: error: unknown key `meltano`"),
        ("stream: deals", "stream: deal", "channels.yml:5: error: the stream `deal` is none of the resources"),
        ("date: closed", "cadence: none", "no column of days is named"),
        ("date: closed", "date: closed\n    sheet: A", "`sheet` is of files"),
        ("kind: crm", "kind: crn", "channels.yml:3: error: kind: the text `crn` is none of the words"),
        ("kind: crm", "lookback_days: 0", "a refresh reads at least one day again"),
        ("id: crm", "id: hubspot", "channels.yml:2: error: the channel `hubspot` is HubSpot; choose another id"),
        ("{deals: {count: rows}}", "{deals: closed}\n    config: [1]", "`config: {key: value}`"),
        ("    from: {rest: crm.yml}\n", "    title: CRM\n", "`date` is of a channel with `from`"),
    ],
)
def test_mistakes_of_an_entry(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in ENTRY
    said = found(tmp_path / "okrs", ENTRY.replace(old, new))
    assert any(words in one for one in said), said


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("client:", "clients:", "crm.yml:1: error: unknown key `clients`; did you mean `client`?"),
        ("base_url", "baseurl", "crm.yml:2: error: unknown key `baseurl`"),
        ("    endpoint: {path: deals}", "    endpoint: {pat: deals}", "crm.yml:6: error: unknown key `pat`"),
        ("    endpoint: {path: deals}", "    processing_steps: []", "crm.yml:6: error: unknown key `processing_steps`"),
        (
            "  - name: deals",
            "  - name: deals\n  - name: deals",
            "crm.yml:6: error: the resource `deals` is there",
        ),
        ("  paginator: single_page\n", "", "crm.yml:4: warning: no `paginator` is named for `deals`"),
        ("resources:\n  - name: deals\n    endpoint: {path: deals}", "resources: 3", "`resources` is no list"),
        (DECLARED, "- a\n", "crm.yml:1: error: the file holds no mapping"),
        ("https://crm.example/v1", "[1]", "crm.yml:1: error: `base_url` is missing"),
    ],
)
def test_mistakes_of_a_declaration(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in DECLARED
    said = found(tmp_path / "okrs", declared=DECLARED.replace(old, new))
    assert any(words in one for one in said), said


def test_several_resources_need_a_stream(tmp_path: Path) -> None:
    declared = DECLARED + "  - companies\n"
    assert "crm.yml" not in "".join(found(tmp_path / "okrs", declared=declared))
    said = found(tmp_path / "okrs", ENTRY.replace("    stream: deals\n", ""), declared)
    assert "channels.yml:2: error: 2 resources are declared; write `stream:` with one of deals, companies" in said


def test_a_file_source_of_the_same_id_is_a_mistake(tmp_path: Path) -> None:
    files = "file_sources:\n  - {id: crm, path: a.csv, channel: old, date: d, measures: {deals: n}}\n"
    said = found(tmp_path / "okrs", ENTRY + files)
    assert any("the file source `crm` stands already at" in one for one in said), said


def test_the_keys_of_a_declaration_are_those_of_dlt() -> None:
    from dlt.sources.rest_api import typing as theirs

    functions = {"session", "processing_steps", "references", "incremental", "nested_hints", "file_format"}
    for ours, kind in (
        (declarations.TOP, theirs.RESTAPIConfig),
        (declarations.CLIENT, theirs.ClientConfig),
        (declarations.ENDPOINT, theirs.Endpoint),
    ):
        assert set(ours) - set(typing.get_type_hints(kind)) == set()
        assert set(typing.get_type_hints(kind)) - set(ours) <= functions
    assert set(declarations.RESOURCE) - set(typing.get_type_hints(theirs.EndpointResource)) == set()
