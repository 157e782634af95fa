"""Every vendor of the gallery: written by `okr add --channel`, asked of a stand-in, and summed as its measures say.

`tests/data_gallery/NAME.yml` holds answers in the form that the vendor documents, page by page, and the sums.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pytest
import yaml

from okr_reports import catalogue, okrs
from okr_reports.adding import gallery
from okr_reports.channels.load import load_channel
from okr_reports.okrs.models.channels import KINDS
from okr_reports.settings import Workspace
from tests.support import OKR, ROOT

SETTINGS = "settings: {organisation: Acme, currency: EUR, timezone: UTC, locale: en-GB}\n"
SECRET = "a-secret-of-the-vendor"


class StandIn:
    """Answers each path with its pages in turn to whoever shows the secret; hands out a token for it."""

    def __init__(self, answers: dict[str, list[Any]]) -> None:
        self.asked: list[str] = []
        outer = self
        left = {path: list(pages) for path, pages in answers.items()}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                path = urlsplit(self.path).path
                outer.asked.append(f"{self.path} {body}")
                shown = f"{self.path} {self.headers}"
                if path == "/token":
                    self.send(200, {"access_token": SECRET, "token_type": "Bearer", "expires_in": 3600})
                elif SECRET not in shown and "Basic " not in shown:
                    self.send(401, {"error": "who is it"})
                elif not left.get(path):
                    self.send(404, {"error": f"nothing more at {path}"})
                else:
                    self.send(200, json.loads(json.dumps(left[path].pop(0)).replace("{url}", outer.url)))

            do_POST = do_GET

            def send(self, status: int, answer: Any) -> None:
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Nothing on the terminal."""

        self.left = left
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with settings alone."""
    (tmp_path / "okr_definitions").mkdir()
    (tmp_path / "okr_definitions" / "settings.yml").write_text(SETTINGS)
    return Workspace(tmp_path / "okr_definitions", tmp_path / "reports", tmp_path / ".okr")


def test_there_are_thirty_and_each_has_its_sample() -> None:
    assert len(gallery.names()) >= 30
    samples = {path.stem for path in (ROOT / "tests" / "data_gallery").glob("*.yml")}
    assert samples == set(gallery.names())
    read = {path.stem for path in (ROOT / "tests" / "clients" / "gallery").glob("*.yml")}
    assert read == {name for name in gallery.names() if gallery.package_of(gallery.entry(name))}
    assert len(read) >= 12
    assert f"one of {len(gallery.names())} vendors of the gallery" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", gallery.names())
def test_an_entry_says_all_that_a_channel_of_ours_says(name: str) -> None:
    assert list(gallery.faults(name)) == []
    vendor = gallery.entry(name)
    assert vendor["kind"] in KINDS
    money = {measure for measure in vendor["measures"] if catalogue.is_money(measure)}
    assert ("currency" in gallery.load_contract(vendor)) >= bool(money)
    assert gallery.proved(vendor)


DECLARED = [name for name in gallery.names() if "declaration" in gallery.entry(name)]


@pytest.mark.parametrize("name", DECLARED)
def test_a_vendor_is_written_asked_and_summed(name: str, workspace: Workspace, tmp_path: Path, monkeypatch) -> None:
    sample = yaml.safe_load((ROOT / "tests" / "data_gallery" / f"{name}.yml").read_text())
    vendor = gallery.entry(name)
    assert set(sample["sums"]) == set(vendor["measures"])
    said = gallery.add_channel(workspace, name)
    defined = okrs.read(workspace.definitions_dir)
    assert {one.id for one in defined.kpis} == {f"{name}_{kpi['id']}" for kpi in vendor["kpis"]}
    assert list(said["secrets"]) == list(vendor["secrets"])
    stand_in = StandIn(sample["answers"])
    try:
        for key, value in {**sample["settings"], **dict.fromkeys(vendor["secrets"], SECRET)}.items():
            monkeypatch.setenv(f"SOURCES__{name.upper()}__{key.upper()}", value)
        monkeypatch.setenv(f"SOURCES__{name.upper()}__BASE_URL", stand_in.url)
        monkeypatch.setenv(f"SOURCES__{name.upper()}__START_DATE", "2026-11-01")
        path = workspace.definitions_dir / "channels" / f"{name}_api.yml"
        declared = yaml.safe_load(path.read_text())
        auth = declared["client"]["auth"]
        if isinstance(auth, dict) and "access_token_url" in auth:
            auth["access_token_url"] = f"{stand_in.url}/token"
            path.write_text(yaml.safe_dump(declared))
        defined = okrs.read(workspace.definitions_dir)
        warned: list[str] = []
        results = load_channel(
            "files",
            warehouse=tmp_path / "warehouse.duckdb",
            pipelines_dir=tmp_path / "dlt",
            today=date(2026, 11, 10),
            window=None,
            file_sources=defined.file_sources,
            declared_sources=[one.id for one in defined.file_sources],
            uses=defined.uses,
            reporting="EUR",
            progress=lambda _: None,
            warn=warned.append,
        )
    finally:
        stand_in.close()
    assert {one.state for one in results} == {"loaded"}, [one.error for one in results]
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        sums = dict(connection.execute("select measure, sum(value) from files.measures group by 1").fetchall())
    assert sums == {measure: Decimal(str(value)) for measure, value in sample["sums"].items()}
    # all pages were asked for, and the days wherever the vendor takes any
    assert not any(stand_in.left.values())
    asks = "{start_" in json.dumps(vendor["declaration"])
    assert not asks or any("2026-11-01" in one or "1793491200" in one for one in stand_in.asked), stand_in.asked
    assert SECRET not in "".join([*warned, *(str(one.error) for one in results)])


@pytest.mark.parametrize("name", sorted(set(gallery.names()) - set(DECLARED)))
def test_a_vendor_that_a_package_asks_is_written_with_what_to_lock(name: str, workspace: Workspace) -> None:
    said = gallery.add_channel(workspace, name)
    assert len(said["written"]) == 1
    assert said["next"].startswith(f"okr channel lock {name}, then okr doctor")
    [source] = okrs.read(workspace.definitions_dir).file_sources
    assert set(source.measures) == set(gallery.entry(name)["measures"])
    assert gallery.package_of(gallery.entry(name)) in said["proved"]


def test_what_is_there_already_stays(workspace: Workspace) -> None:
    gallery.add_channel(workspace, "shopify")
    name = "brevo"
    mine = workspace.definitions_dir / "channels" / f"{name}.yml"
    mine.write_text("# mine\n")
    with pytest.raises(gallery.OkrError, match="is there already"):
        gallery.add_channel(workspace, name)
    assert mine.read_text() == "# mine\n"
    assert not (workspace.definitions_dir / "channels" / f"{name}_api.yml").exists()
    kpi = f"typeform_{gallery.entry('typeform')['kpis'][0]['id']}"
    line = f"{{id: {kpi}, title: Mine, kind: flow, measure: leads, unit: count, better: higher}}"
    mine.with_name("mine.yml").write_text(f"kpis:\n  - {line}\n")
    [kept] = gallery.add_channel(workspace, "typeform")["kpis_kept"]
    assert kept.startswith(f"{kpi} (")
    assert kept.endswith("mine.yml:2)")
    with pytest.raises(gallery.OkrError, match="shopify already"):
        gallery.add_channel(workspace, "shopify")
    with pytest.raises(gallery.OkrError, match="no channel 'shopfy'; did you mean `shopify`"):
        gallery.add_channel(workspace, "shopfy")


def test_the_command_lists_them_and_writes_one(workspace: Workspace, tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OKR_", "SOURCES__"))}
        return subprocess.run([OKR, *arguments], cwd=tmp_path, env=kept, capture_output=True, text=True)

    found = run("add", "--channel")
    assert found.returncode == 0, found.stderr
    assert all(name in found.stdout for name in gallery.names())
    assert {one["channel"] for one in json.loads(run("add", "--channel", "--json").stdout)} == set(gallery.names())
    found = run("add", "--channel", "pipedrive")
    assert found.returncode == 0, found.stderr
    assert 'api_key = "..."' in found.stdout
    assert "never against the vendor itself" in found.stdout
    assert run("add").returncode == 2
    assert run("add", "a.csv", "--channel", "pipedrive").returncode == 2
