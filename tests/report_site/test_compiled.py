"""Compiled templates are kept for the texts, tags and program that they were made of, and compiling runs nothing."""

from __future__ import annotations

import pytest

from okr_reports.report_site.pages.compiled import code_of, compiled
from okr_reports.report_site.pages.reports import read_reports
from okr_reports.template_sandbox import PlainSandbox

PAGE = "---\ntitle: Two\n---\n"
HINT = "---\nabout: A hint.\n---\n<p>{}</p>\n"


def test_code_is_kept_for_its_text_its_tags_and_its_program(reports):
    root = reports({"pages/two.md": PAGE + "a{{ 1 }}", "components/own_hint.html": HINT.format("b")})
    kept = compiled(root, None, "1.0")
    first = code_of(kept, read_reports(root), "1.0")
    assert first.keys() == {str(file.path) for file, _ in read_reports(root).files()}
    assert code_of(kept, read_reports(root), "1.1") == {}
    (root / "pages/two.md").write_text(PAGE + "c{{ 1 }}", encoding="utf-8")
    second = code_of(compiled(root, kept, "1.0"), read_reports(root), "1.0")
    assert {name.rpartition("/")[2] for name in first if first[name] != second[name]} == {"two.md"}
    (root / "components/own_hint.html").write_text(
        HINT.replace("---\n<", "body: markdown\n---\n<").format("b"), "utf-8"
    )
    assert code_of(kept, read_reports(root), "1.0") == {}


def test_what_cannot_be_compiled_is_left_to_the_renderer_to_name(reports):
    root = reports({"pages/two.md": PAGE + "{% if %}", "pages/three.md": PAGE + "{{ 'x' | no_such_filter }}"})
    names = {name.rpartition("/")[2] for name in code_of(compiled(root, None, "1"), read_reports(root), "1")}
    assert "index.md" in names
    assert not names & {"two.md", "three.md"}


@pytest.mark.parametrize("written", ["{{ 'a' | runs }}", "{% set a = 'a' | runs %}", "{% if 'a' | runs %}b{% endif %}"])
def test_compiling_runs_nothing_of_a_template(written):
    def runs(_: str) -> str:
        raise AssertionError(written)

    sandbox = PlainSandbox(autoescape=True)
    sandbox.filters["runs"] = runs
    sandbox.compile(written)
