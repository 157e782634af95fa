"""A page on paper."""

from __future__ import annotations

import re

import pytest

from pipelines.errors import PublishError
from pipelines.report_site.pdf import write_pdf


def test_a_page_is_printed_with_its_fonts(built, tmp_path):
    content = write_pdf(built.out_dir, "objectives/grow_pipeline", tmp_path / "deep" / "page.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert re.search(rb"/FontFile[23]?", content)


@pytest.mark.parametrize("route", ["nowhere", "../../etc", "objectives/../../.."])
def test_a_page_that_is_not_there_is_named(built, tmp_path, route):
    with pytest.raises(PublishError, match="there is no such page"):
        write_pdf(built.out_dir, route, tmp_path / "page.pdf")


def test_without_chromium_it_says_what_to_install(built, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PublishError, match="apt-get install chromium"):
        write_pdf(built.out_dir, "", tmp_path / "page.pdf")
