"""What dbt keeps between builds may be damaged: it is left aside, said, and made anew."""

from __future__ import annotations

import json
import logging
import random

from okr_reports.settings import Workspace
from okr_reports.warehouse import transform


def test_a_damaged_manifest_or_partial_parse_is_made_anew(tmp_path, caplog):
    workspace, chance = (
        Workspace(tmp_path / "okr_definitions", tmp_path / "reports", tmp_path / "data"),
        random.Random(7),
    )
    manifest = transform.manifest_path(workspace)
    nodes, target = set(json.loads(manifest.read_bytes())["nodes"]), manifest.parent
    for path in (manifest, target / "parsed_from"):
        caplog.clear()
        content = path.read_bytes()
        at = chance.randrange(len(content))
        path.write_bytes(content[:at] + b"\xff" + content[at + 2 :])
        with caplog.at_level(logging.WARNING, "okr"):
            assert set(json.loads(transform.manifest_path(workspace).read_bytes())["nodes"]) == nodes
        assert ("is damaged" in caplog.text) == (path == manifest)
    for content in (b"", chance.randbytes(5000), (target / "partial_parse.msgpack").read_bytes()[:-500]):
        (target / "partial_parse.msgpack").write_bytes(content)
        transform.invoke(workspace, ["parse"])
        assert set(json.loads(manifest.read_bytes())["nodes"]) == nodes
