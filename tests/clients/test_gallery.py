"""Connectors that others wrote read the stand-ins of the gallery, through our own runner: the same sums.

The package is named in the vendor's entry. `gallery/NAME.yml` has its settings, how its records are mapped, and what
the vendor answers beyond the answers of `tests/data_gallery/NAME.yml`, whose sums are expected: so a declaration of
ours and a program that nobody here wrote agree about the same bodies. An entry that runs a package itself is written
out by `okr add --channel` and run as it is.
"""

from __future__ import annotations

import json
import os
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from okr_reports import okrs
from okr_reports.adding import gallery
from okr_reports.channels.load import load_channel
from okr_reports.channels.runners import environments
from okr_reports.file_sources import FileSource
from okr_reports.okrs.definitions import Definitions
from okr_reports.settings import Workspace
from tests.clients.stand_in import certificate_of, stand_in, trusted
from tests.support import ROOT

pytestmark = pytest.mark.clients
HERE = Path(__file__).parent / "gallery"
NAMES = sorted(path.stem for path in HERE.glob("*.yml"))
KEPT = Path(os.environ.get("OKR_CLIENTS", ".okr/clients")).absolute() / "gallery"
SETTINGS = "settings: {organisation: Acme, currency: EUR, timezone: UTC, locale: en-GB}\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_connector_of_others_reads_the_same_sums(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proof = yaml.safe_load((HERE / f"{name}.yml").read_text(encoding="utf-8"))
    sample = yaml.safe_load((ROOT / "tests" / "data_gallery" / f"{name}.yml").read_text(encoding="utf-8"))
    vendor = gallery.entry(name)
    defined = written(vendor, tmp_path) if "from" in vendor else declared(vendor, proof, tmp_path)
    [source] = defined.file_sources
    lock(source, gallery.package_of(vendor))
    (tmp_path / "connectors").symlink_to(KEPT / "connectors")
    programs = environments.environment(source, KEPT / "connectors")
    for key, value in proof["section"].items():
        monkeypatch.setenv(f"SOURCES__{name.upper()}__{key.upper()}", str(value))
    certificate = tmp_path / "certificate.pem"
    certificate_of(proof["hosts"], certificate)
    with stand_in(answers_of(proof, sample), certificate) as answering, trusted(programs.parent, certificate):
        for variable in (
            "HTTPS_PROXY",
            "HTTP_PROXY",
            "NO_PROXY",
            "ALL_PROXY",
            "no_proxy",
            "all_proxy",
            "REQUESTS_CA_BUNDLE",
            "SSL_CERT_FILE",
        ):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("https_proxy", answering.url)
        # the first day of a channel that says its own start
        monkeypatch.setenv(f"SOURCES__{name.upper()}__START_DATE", "2026-11-01")
        said: list[str] = []
        results = load_channel(
            "files",
            warehouse=tmp_path / "warehouse.duckdb",
            pipelines_dir=tmp_path / "dlt",
            today=date(2026, 11, 10),
            window=None,
            file_sources=defined.file_sources,
            declared_sources=[name],
            uses=defined.uses,
            reporting="EUR",
            progress=said.append,
            warn=said.append,
        )
    assert {one.state for one in results} == {"loaded"}, [said, answering.asked, [one.error for one in results]]
    assert answering.unanswered == []
    assert not [path for path, one in answering.left.items() if isinstance(one, list) and one]
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        sums = dict(connection.execute("select measure, sum(value) from files.measures group by 1").fetchall())
    read = proof.get("measures", sample["sums"])
    assert sums == {measure: Decimal(str(sample["sums"][measure])) for measure in read}


def answers_of(proof: dict[str, Any], sample: dict[str, Any]) -> dict[str, Any]:
    """The sample's answers where the package asks for them (`at`), and those of its own.

    `{same: PATH}` is the sample's first answer at another path, given each time.
    """
    base = f"https://{proof['hosts'][0]}{proof.get('at', '')}"
    pages = json.loads(json.dumps(sample.get("answers", {})).replace("{url}", base))
    found = {f"{proof['at']}{path}": one for path, one in pages.items()} if "at" in proof else {}
    for path, one in proof.get("answers", {}).items():
        is_same = isinstance(one, dict) and "same" in one
        found[path] = pages[one["same"]][0] if is_same else one
    return found


def written(vendor: dict[str, Any], folder: Path) -> Definitions:
    """What `okr add --channel` writes."""
    definitions = settings_only(folder)
    gallery.add_channel(Workspace(definitions, folder / "reports", folder / ".okr"), vendor["id"])
    return okrs.read(definitions)


def declared(vendor: dict[str, Any], proof: dict[str, Any], folder: Path) -> Definitions:
    """A channel that runs the package, mapped to the measures that the gallery has for the vendor."""
    channel = {
        **{key: vendor[key] for key in ("id", "title", "kind")},
        "from": vendor["tried_with"],
        "hosts": proof["hosts"],
        **{key: proof[key] for key in ("config", "stream", "measures")},
        **proof["channel"],
    }
    definitions = settings_only(folder)
    (definitions / "channels.yml").write_text(yaml.safe_dump({"channels": [channel]}), encoding="utf-8")
    return okrs.read(definitions)


def settings_only(folder: Path) -> Path:
    definitions = folder / "okr_definitions"
    definitions.mkdir()
    (definitions / "settings.yml").write_text(SETTINGS, encoding="utf-8")
    return definitions


def lock(source: FileSource, package: str) -> None:
    """Its lock, as `okr channel lock` writes it, once for a version."""
    kept = KEPT / f"{package}.lock"
    if not kept.exists():
        environments.lock(source)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(environments.lock_path(source), kept)
    environments.lock_path(source).parent.mkdir(exist_ok=True)
    shutil.copy(kept, environments.lock_path(source))
