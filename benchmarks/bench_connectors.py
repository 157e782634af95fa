"""Singer taps and Airbyte connectors run by okr, against what the same programs need by themselves.

tap-rest-api-msdk (on singer-sdk) and a declarative manifest (by airbyte-cdk) read pages of 1,000 records from a process
of its own. Alone: the program reads all of them into nothing. By okr: a load from starting the program to the raw
tables of a new warehouse, its environment made before; the first asks for its catalogue, the next has it, which is what
a refresh does. Limit for the next: 1.3 times the processor seconds. Needs an index of packages.
`OKR_BENCH_RECORDS=20000` is quick.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.bench_channels import RECORDS, TODAY
from benchmarks.targets import hold

MOST_TIMES = 1.3
_CHANNELS = """
settings: {{organisation: Acme, currency: EUR, timezone: Europe/Madrid}}
channels:
  - id: vendor
    title: Vendor
    kind: ads
    from: {{{origin}}}
    config: {config}
    hosts: []
    stream: days
    date: day
    account_id: {account}
    campaign_id: {campaign}
    measures: {{impressions: {stats}impressions, clicks: {stats}clicks, spend: {stats}spend}}
"""
_MANIFEST = """
version: 6.0.0
type: DeclarativeSource
check: {type: CheckStream, stream_names: [days]}
spec: {type: Spec, connection_specification: {type: object, properties: {url: {type: string}}}}
streams:
  - type: DeclarativeStream
    name: days
    schema_loader: {type: InlineSchemaLoader, schema: {type: object, additionalProperties: true, properties: {}}}
    retriever:
      type: SimpleRetriever
      requester: {type: HttpRequester, url_base: "{{ config['url'] }}", path: /days, http_method: GET}
      record_selector: {type: RecordSelector, extractor: {type: DpathExtractor, field_path: [data]}}
      paginator:
        type: DefaultPaginator
        page_token_option: {type: RequestOption, inject_into: request_parameter, field_name: page}
        pagination_strategy: {type: PageIncrement, page_size: 1000, start_from_page: 1, inject_on_first_request: true}
"""
_FIELDS = ("day", "account_id", "account_name", "campaign_id", "campaign_name", "campaign_status")
_NUMBERS = ("stats_impressions", "stats_clicks", "stats_spend")


def _singer(url: str) -> tuple[str, dict[str, Any], dict[str, str]]:
    types = {**dict.fromkeys(_FIELDS, "string"), **dict.fromkeys(_NUMBERS, "number")}
    schema = {"type": "object", "properties": {name: {"type": [kind, "null"]} for name, kind in types.items()}}
    stream = {"name": "days", "path": "/days", "records_path": "$.data[*]", "primary_keys": [], "schema": schema}
    paging = {"next_page_token_path": "$.next", "pagination_next_page_param": "page"}
    config = {"api_url": url, "streams": [stream], **paging}
    return (
        "singer: tap-rest-api-msdk==1.4.2",
        config,
        {"account": "account_id", "campaign": "campaign_id", "stats": "stats_"},
    )


def _airbyte(url: str) -> tuple[str, dict[str, Any], dict[str, str]]:
    mapped = {"account": "account.id", "campaign": "campaign.id", "stats": "stats."}
    return "airbyte: manifest.yaml", {"url": url}, mapped


def _alone(source: Any, home: Path, folder: Path) -> tuple[float, float]:
    """Processor and wall-clock seconds of the program, its records thrown away."""
    from okr_reports.channels.runners.environments import environment

    bin_ = environment(source, home).absolute()
    config = json.loads(source.connector.config)
    if source.connector.runner == "singer":
        command = [str(bin_ / "tap-rest-api-msdk")]
        (folder / "config.json").write_text(json.dumps(config))
        command += ["--config", "config.json"]
        found = subprocess.run([*command, "--discover"], cwd=folder, capture_output=True, check=True).stdout
        (folder / "catalog.json").write_bytes(found)
        command += ["--catalog", "catalog.json"]
    else:
        manifest = json.loads(source.connector.declared)["manifest"]
        import yaml

        config["__injected_declarative_manifest"] = yaml.safe_load(manifest)
        (folder / "config.json").write_text(json.dumps(config))
        stream = {"name": "days", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
        chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
        (folder / "catalog.json").write_text(json.dumps({"streams": [chosen]}))
        command = [str(bin_ / "source-declarative-manifest"), "read", "--config", "config.json"]
        command += ["--catalog", "catalog.json"]

    def read() -> None:
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    return _timed(read)


def _timed(run: Callable[[], None]) -> tuple[float, float]:
    def processor() -> float:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in used)

    before, wall = processor(), time.monotonic()
    run()
    return processor() - before, time.monotonic() - wall


def _measured(described: tuple[str, dict[str, Any], dict[str, str]], folder: Path) -> bool:
    origin, config, mapped = described
    os.environ |= {"DLT_PROJECT_DIR": str(folder), "DLT_DATA_DIR": str(folder / "dlt"), "OKR_TODAY": str(TODAY)}
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "SOURCES__VENDOR__START_DATE": "2026-01-01"}
    from okr_reports import okrs
    from okr_reports.channels.load import load_channel
    from okr_reports.channels.runners import environments

    if origin.startswith("airbyte"):
        (folder / "manifest.yaml").write_text(_MANIFEST, encoding="utf-8")
    text = _CHANNELS.format(origin=origin, config=json.dumps(config), **mapped)
    (folder / "channels.yml").write_text(text, encoding="utf-8")
    defined = okrs.read(folder)
    [source] = defined.file_sources
    print(f"{origin}: {environments.lock(source)} packages", flush=True)
    alone, alone_wall = _alone(source, folder / "connectors", folder)

    def load() -> None:
        results = load_channel(
            "files",
            warehouse=folder / "warehouse.duckdb",
            pipelines_dir=folder / "pipelines",
            today=TODAY,
            file_sources=defined.file_sources,
            progress=lambda _: None,
        )
        assert sum(result.rows for result in results) == RECORDS, results

    print(f"{RECORDS:,} records: alone {alone:.1f} s of processor, {alone_wall:.1f} s", flush=True)
    for which in ("first", "next"):
        whole, wall = _timed(load)
        print(f"{which} load by okr {whole:.1f} s of processor, {wall:.1f} s", flush=True)
        (folder / "warehouse.duckdb").unlink()
        shutil.rmtree(folder / "pipelines")
    return hold(f"{origin.partition(':')[0]} by okr, against alone", whole / alone, MOST_TIMES, "times")


def main() -> None:
    vendor = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bench_channels", "serve"], stdout=subprocess.PIPE, text=True
    )
    held = []
    try:
        assert vendor.stdout is not None
        url = vendor.stdout.readline().strip()
        for describe in (_singer, _airbyte):
            with tempfile.TemporaryDirectory() as folder:
                held.append(_measured(describe(url), Path(folder)))
    finally:
        vendor.kill()
    sys.exit(not all(held))


if __name__ == "__main__":
    main()
