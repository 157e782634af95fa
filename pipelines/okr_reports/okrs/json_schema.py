"""The JSON Schema of a definitions file, for editors: published as `okr_definitions/okr.schema.json`.

`python -m okr_reports.okrs.json_schema` writes it again after a change of the models.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from okr_reports.okrs.models import DefinitionsFile

FILE_NAME = "okr.schema.json"


def schema_text() -> str:
    """The schema as it is published, ending in a newline.

    It describes one file; what files only say together (names that must exist, say) is left to `okr check`.
    """
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema = _without_titles(DefinitionsFile.model_json_schema())
    return json.dumps({**schema, **head}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _without_titles(node: Any) -> Any:
    """pydantic titles every field after itself, a third of the file; a property called `title` is no such title."""
    if isinstance(node, list):
        return [_without_titles(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _without_titles(item) for key, item in node.items() if not (key == "title" and isinstance(item, str))}


if __name__ == "__main__":
    from okr_reports.settings import Workspace

    path: Path = Workspace.from_environment().definitions_dir / FILE_NAME
    path.write_text(schema_text(), encoding="utf-8")
    print(path)
