"""Declarations of connectors: YAML files that a channel's `from` names, beside the definitions and none of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from okr_reports.errors import Finding, shown_path
from okr_reports.file_places import lies_within, refusal
from okr_reports.okrs.findings import advice, mistake
from okr_reports.okrs.models.channels import ChannelEntry, plain_json
from okr_reports.okrs.words import nearest, shown
from okr_reports.okrs.yaml_reader import MAX_BYTES, Mapping, Sequence, read_yaml

# The keys of dlt's RESTAPIConfig (dlt/sources/rest_api/typing.py) that data can say; what takes functions is not there.
TOP = ("client", "resource_defaults", "resources")
CLIENT = ("base_url", "headers", "auth", "paginator")
ENDPOINT = (
    "path", "method", "params", "json", "data", "paginator", "data_selector", "response_actions", "incremental",
    "headers", "auth",
)  # fmt: skip
# How dlt would store a resource means nothing here, and a declaration that others use too may say it.
RESOURCE = (
    "name", "endpoint", "primary_key", "include_from_parent", "write_disposition", "merge_key", "columns", "table_name",
    "max_table_nesting", "parallelized", "selected", "schema_contract", "table_format", "file_format",
)  # fmt: skip
_LARGEST_MANIFEST = 8 * 1024**2


def declared_files(channels: Any, folder: Path) -> Iterator[Path]:
    """The files that entries of a list `channels` name, as far as it can be read."""
    for entry in channels if isinstance(channels, list) else ():
        origin = entry.get("from") if isinstance(entry, dict) else None
        for key in ("rest", "airbyte"):
            name = origin.get(key) if isinstance(origin, dict) else None
            if isinstance(name, str) and name.lower().endswith((".yml", ".yaml")):
                yield folder / name


def read_declaration(entry: ChannelEntry, roots: tuple[Path, ...], findings: list[Finding]) -> str | None:
    """The content of the file that an entry's `from` names as JSON, "{}" where it names none.

    None, and a finding, where it cannot be used.
    """
    origin = entry.origin
    assert origin is not None
    if origin.file is None:
        return "{}"
    path = Path(entry.place.path).parent / origin.file
    line = origin.place.at(origin.runner)
    if not lies_within(path, roots):
        findings.append(mistake(entry.place.path, line, f"{shown(origin.file)} {refusal(path.parent)[0]}", "move it"))
        return None
    try:
        data = path.read_bytes() if path.is_file() else None
    except OSError:
        data = None
    if data is None:
        todo = "write it beside this file (docs/vendors.md), or correct the name"
        findings.append(mistake(entry.place.path, line, f"there is no file {shown(origin.file)}", todo))
        return None
    place = str(shown_path(path))
    if origin.runner == "airbyte":
        if len(data) > _LARGEST_MANIFEST:
            findings.append(mistake(place, 1, "the manifest is larger than 8 MB", "is it one?"))
            return None
        return json.dumps({"manifest": data.decode("utf-8", "replace")})
    content, problems = read_yaml(data[: MAX_BYTES + 1], place)
    problems = [*problems, *_wrong_of_rest(content, place, entry)] if content is not None else problems
    findings += problems
    if content is None or any(problem.severity == "error" for problem in problems):
        return None
    return json.dumps(plain_json(content), ensure_ascii=False, sort_keys=True)


def _wrong_of_rest(content: Any, path: str, entry: ChannelEntry) -> Iterator[Finding]:
    if not isinstance(content, Mapping):
        yield mistake(path, 1, "the file holds no mapping", "start it with `client:`")
        return
    yield from _unknown(content, TOP, path)
    for key in ("client", "resources"):
        if key not in content:
            yield mistake(path, 1, f"the key `{key}` is missing", f"write `{key}:` as dlt's REST source has it")
    client = content.get("client")
    if client is not None and not isinstance(client, Mapping):
        yield mistake(path, content.lines["client"], "`client` is no mapping", "write `base_url:` below it")
    elif client is not None:
        yield from _unknown(client, CLIENT, path)
        if not isinstance(client.get("base_url"), str):
            yield mistake(path, content.lines["client"], "`base_url` is missing", "write the API's https address")
    defaults = content.get("resource_defaults") or {}
    if isinstance(defaults, Mapping):
        yield from _unknown(defaults, RESOURCE, path)
        yield from _wrong_of_endpoint(defaults, path)
    resources = content.get("resources")
    if resources is not None and not isinstance(resources, Sequence):
        yield mistake(path, content.lines["resources"], "`resources` is no list", "start each with `- name:`")
    elif resources is not None:
        yield from _wrong_of_resources(resources, content, path, entry)


def _wrong_of_resources(resources: Sequence, content: Mapping, path: str, entry: ChannelEntry) -> Iterator[Finding]:
    names = []
    for resource, line in zip(resources, resources.lines, strict=True):
        if isinstance(resource, str):
            names.append(resource)
            continue
        if not isinstance(resource, Mapping) or not isinstance(resource.get("name"), str):
            yield mistake(path, line, "a resource has no name", "write `- name: events`")
            continue
        if resource["name"] in names:
            yield mistake(path, line, f"the resource {shown(resource['name'])} is there twice", "rename one")
        names.append(resource["name"])
        yield from _unknown(resource, RESOURCE, path)
        yield from _wrong_of_endpoint(resource, path)
    if not names:
        yield mistake(path, content.lines["resources"], "no resource is listed", "write `- name: events` below it")
    elif entry.stream is None and len(names) > 1:
        todo = f"write `stream:` with one of {', '.join(names[:12])}"
        yield mistake(entry.place.path, entry.place.line, f"{len(names)} resources are declared", todo)
    elif entry.stream is not None and entry.stream not in names:
        what = f"the stream {shown(entry.stream)} is none of the resources of {shown(Path(path).name)}"
        yield mistake(entry.place.path, entry.place.at("stream"), what, nearest(entry.stream, names))
    else:
        yield from _unpaged(resources, content, path, entry.stream or names[0])


def _wrong_of_endpoint(resource: Mapping, path: str) -> Iterator[Finding]:
    endpoint = resource.get("endpoint")
    if isinstance(endpoint, Mapping):
        yield from _unknown(endpoint, ENDPOINT, path)
    elif endpoint is not None and not isinstance(endpoint, str):
        yield mistake(path, resource.lines["endpoint"], "`endpoint` is no mapping", "write `path:` below it")


def _unpaged(resources: Sequence, content: Mapping, path: str, stream: str) -> Iterator[Finding]:
    """Paging that is guessed may be guessed wrong, and the first page alone looks like an answer."""
    for resource, line in zip(resources, resources.lines, strict=True):
        if not isinstance(resource, Mapping) or resource["name"] != stream:
            continue
        places = (
            content.get("client"),
            (content.get("resource_defaults") or {}).get("endpoint"),
            resource.get("endpoint"),
        )
        if not any(isinstance(part, Mapping) and part.get("paginator") for part in places):
            what = f"no `paginator` is named for {shown(stream)}, so that it is guessed from the first answer"
            yield advice(path, line, what, "name it, or write `paginator: single_page` if one answer is all")


def _unknown(mapping: Mapping, known: tuple[str, ...], path: str) -> Iterator[Finding]:
    for key in mapping:
        if key not in known:
            yield mistake(path, mapping.lines[key], f"unknown key {shown(key)}", nearest(key, known))
