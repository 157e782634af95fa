"""The program that runs a dlt source of an installed package: its records as JSON lines on standard output.

Run by `dlt_source.py` with a file of settings; imports nothing of ours, so that any Python with dlt can run it.
"""

import importlib
import inspect
import json
import sys
from typing import Any

settings = json.load(open(sys.argv[1], encoding="utf-8"))  # noqa: SIM115, PTH123
module, _, name = settings["name"].partition(":")

from dlt.common.json import json as writer  # noqa: E402
from dlt.extract import DltSource  # noqa: E402

found: Any = getattr(importlib.import_module(module), name, None)
# a function of any other package is not called
if not type(found).__module__.startswith("dlt."):
    sys.exit(f"{settings['name']} is no source or resource of dlt")
signature = inspect.signature(found) if callable(found) and not isinstance(found, DltSource) else None
given = settings["values"]
if signature is not None:
    known = signature.parameters
    takes_all = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in known.values())
    found = found(**{key: value for key, value in given.items() if key in known or takes_all})
resources: dict[str, Any] = found.resources if isinstance(found, DltSource) else {found.name: found}
stream = settings["stream"] or (next(iter(resources)) if len(resources) == 1 else "")
if stream not in resources:
    sys.exit(f"there is no stream {stream!r}; it has {', '.join(resources)}")
resource: Any = resources[stream]
key = [at for at, column in resource.compute_table_schema().get("columns", {}).items() if column.get("primary_key")]
out = sys.stdout.buffer
out.write(writer.dumpb({"type": "SCHEMA", "key": key}) + b"\n")
if not settings["probe"]:
    for record in resource:
        rows = record.to_pylist() if hasattr(record, "to_pylist") else [record]
        for row in rows:
            out.write(writer.dumpb({"type": "RECORD", "record": row}) + b"\n")
out.flush()
