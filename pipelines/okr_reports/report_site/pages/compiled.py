"""The templates of a reports folder, compiled once and kept between builds where Jinja looks before it compiles.

What is kept is code, so no process that runs pages writes it: a renderer of its own compiles all of it behind the same
walls (`compiled`), without the copy, and runs none of it. A renderer of pages only reads.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, FunctionLoader, TemplateError
from jinja2.bccache import Bucket

from okr_reports.report_site.dialect.tags import RenderTag
from okr_reports.report_site.pages.reports import Reports, read_reports
from okr_reports.report_site.pages.scope import PageSandbox, has_rows
from okr_reports.report_site.pages.tag_check import FILTERS
from okr_reports.report_site.source_files import SourceFile

Code = Mapping[str, bytes]


class Compiled(BytecodeCache):
    """The code of templates by their names, with a digest of the source that each was made of."""

    def __init__(self, code: Code) -> None:
        self._code = code

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return name

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Nothing: what a renderer compiles for itself ends with it."""


def sandboxes(
    reports: Reports, sources: Mapping[str, SourceFile], code: Code, filters: Mapping[str, Callable[..., Any]],
    page_tag: RenderTag, component_tag: RenderTag, finalize: Callable[[Any], Any],
) -> tuple[PageSandbox, PageSandbox]:  # fmt: skip
    """The environments of pages and of components. `sources` are all files by their paths."""
    bodies = {component.name: component.has_body for component in reports.components.values()}

    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        return (sources[name].body, name, lambda: True) if name in sources else None

    known: dict[str, Any] = {"loader": FunctionLoader(load), "bytecode_cache": Compiled(code)}
    pages = PageSandbox(bodies, page_tag, finalize=finalize, **known)
    components = PageSandbox(bodies, component_tag, **known)
    for environment in (pages, components):
        environment.filters.update(filters, has_rows=has_rows)
    return pages, components


def compiled(reports_dir: Path, kept: bytes | None, engine: str) -> bytes:
    """The code of all templates that can be compiled, for `code_of`. What is `kept` of the same texts stays."""
    reports = read_reports(reports_dir)
    sources = {str(file.path): file for file, _ in reports.files()}
    code: dict[str, bytes] = {}
    environments = sandboxes(
        reports, sources, code_of(kept, reports, engine), dict.fromkeys(FILTERS, str), _unused, _unused, _as_it_is
    )
    for name, file in sources.items():
        environment = environments[file.path.suffix == ".html"]
        cache = environment.bytecode_cache
        assert cache is not None
        bucket = cache.get_bucket(environment, name, name, file.body)
        try:
            bucket.code = bucket.code or environment.compile(file.body, name, name)
        except TemplateError:  # the renderer says so, with the line
            continue
        code[name] = bucket.bytecode_to_string()
    return marshal.dumps((_made_by(reports, engine), code))


def code_of(kept: bytes | None, reports: Reports, engine: str) -> Code:
    """What `compiled` gave, if the same program with the same tags made it."""
    made_by, code = marshal.loads(kept) if kept is not None else (None, {})
    return code if made_by == _made_by(reports, engine) else {}


def _made_by(reports: Reports, engine: str) -> tuple[bytes, str, tuple[tuple[str, bool], ...]]:
    tags = sorted((component.name, component.has_body) for component in reports.components.values())
    return MAGIC_NUMBER, engine, tuple(tags)


def _unused(*_: Any) -> Any:
    raise AssertionError("a template runs while it is compiled")


def _as_it_is(value: Any) -> Any:
    return value
