"""A whole `okr refresh` with a canary in every credential of every channel, let in, then refused: found nowhere."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from tests.channels.compared import START
from tests.channels.descriptions import DESCRIPTIONS
from tests.support import OKR, ROOT

DEFINITIONS = """\
settings: {organisation: A, currency: EUR, timezone: UTC, locale: en-GB}
kpis:
  - {id: clicks, title: Clicks, kind: flow, measure: sessions, where: {channel: ga4}, unit: count, better: higher}
"""


def forms(secret: str) -> Iterator[bytes]:
    """As it is, in a URL, and in base64 alone or behind a user's name."""
    for text in (secret, quote(secret, safe=""), quote_plus(secret)):
        yield text.encode()
    for prefix in ("", "okr:", "reader:"):
        # whole groups only: the last one depends on what follows
        encoded = base64.b64encode(f"{prefix}{secret}".encode()).rstrip(b"=")
        yield encoded[: len(encoded) // 4 * 4]


def test_a_whole_refresh_leaves_no_secret_anywhere(make_bench: Any) -> None:
    bench = make_bench()
    definitions = bench.folder / "okr_definitions"
    definitions.mkdir()
    (definitions / "all.yml").write_text(DEFINITIONS, encoding="utf-8")
    shutil.copyfile(ROOT / "okr_definitions" / "exchange_rates.csv", definitions / "exchange_rates.csv")
    data = bench.folder / "data"
    canaries = []
    for name, described in DESCRIPTIONS.items():
        bench.set(name, start_date=START.isoformat(), **described.settings)
        for secret in described.secrets:
            canaries.append(f"Kanari+{name}/{secret}=sings")
            bench.set(name, **{f"credentials__{secret}": canaries[-1]})
    canaries.append("Kanari+sql/password=sings")
    shop = "select '2026-11-20' as date, 1 as orders"
    environment = {
        **os.environ,
        "OKR_DATA_DIR": str(data),
        "OKR_DEFINITIONS_DIR": str(definitions),
        "OKR_REPORTS_DIR": str(ROOT / "reports"),
        "SOURCES__SQL__QUERIES": "shop",
        "SOURCES__SQL__SHOP__QUERY": shop,
    }
    # a URL is a secret as a whole, whatever part of it a database reads
    refused = f"sqlite:////nonexistent/{quote(canaries[-1], safe='')}.db"
    said = b""
    for url, words, code in (("sqlite://", canaries, 0), (refused, [], 1)):
        bench.tell(words=words)
        done = subprocess.run(
            [OKR, "refresh"],
            cwd=bench.folder,
            env={**environment, "SOURCES__SQL__CREDENTIALS__URL": url},
            capture_output=True,
            timeout=600,
        )
        said += done.stdout + done.stderr
        assert done.returncode == code, done.stderr.decode()
        for name in (*DESCRIPTIONS, "sql") if code else ():
            assert name.encode() in done.stderr, f"{name} did not fail"
    files = {path: path.read_bytes() for path in Path(bench.folder).rglob("*") if path.is_file()}
    assert any("dagster" in path.parts for path in files)
    assert any("dlt" in path.parts for path in files)
    assert any("site" in path.parts for path in files)
    hits = [
        (secret, str(place))
        for secret in canaries
        for form in forms(secret)
        for place, content in {**files, Path("output"): said}.items()
        if form in content
    ]
    searched = sum(len(set(forms(one))) for one in canaries)
    print(f"\n{len(canaries)} canaries in {searched} forms, {len(files)} files: {len(hits)} hits")
    assert hits == []
