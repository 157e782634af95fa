"""Hostile names in twenty places of a page, one payload a document, in a real browser.

Each document is a page of a site that is really built, opened in a frame of its own; each test has its own browser.
Then each wall is taken away in turn: the content policy alone still holds where another one is missing, and without it
the same texts do get through, so the test would see it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from markdown_it import MarkdownIt

from okr_reports.report_site.build import build_site
from okr_reports.report_site.dialect import tags as dialect
from okr_reports.report_site.formats import prose
from okr_reports.report_site.renderer import client
from tests.report_site import hostile_corpus
from tests.report_site.hostile_browser import Seen, open_documents
from tests.report_site.snapshot import write_snapshot

NOTHING = Seen()
ATTACK = """async () => {
  document.querySelectorAll('details').forEach(one => { one.open = true });
  for (const chart of [...document.querySelectorAll('.chart')].slice(0, 2)) {
    const box = chart.getBoundingClientRect();
    const at = { bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + 40 };
    chart.dispatchEvent(new PointerEvent('pointermove', at));
  }
  document.querySelectorAll('main a').forEach(a => { if (!/^(file|https?|mailto):/.test(a.href)) a.click() });
  document.querySelectorAll('[autofocus]').forEach(one => one.focus());
  // an address such as javascript: is followed after the click
  await new Promise(done => setTimeout(done, 100));
  return document.querySelectorAll('script:not([src])').length;
}"""
PAGE = """---
title: "{{ params.name }}"
one_page_per: payloads
description: x
---
```sql more
select case n when 1 then ${params.name} else 'b' || n end as name, n, ${params.name} as k,
  date '2026-01-01' + n::int as day, ${params.name} as url
from range(1, 4) t(n)
```
# {{ params.name }}

In text {{ params.name }}, [in a link's text {{ params.name }}](https://a.example), [in a target]({{ params.name }}).

- in a list {{ params.name }}

| in a table |
|---|
| {{ params.name }} |

{{ linked(params.name, "p", params.name) }} {{ note(params.name) }}

{% details title=params.name %}{{ params.name }}{% /details %}
{% callout title=params.name %}{{ params.name }}{% /callout %}
{% big_value data="more" value="sum(n)" title="of {{ params.name }}" info=params.name /%}
{% line_chart data="more" x="day" y="n" series="k" title=params.name subtitle=params.name info=params.name %}
{% reference_line y=2 label=params.name /%}
{% /line_chart %}
{% bar_chart data="more" x="name" y="sum(n)" y_titles=[params.name] title=params.name /%}
{% tabs label=params.name %}{% tab title=params.name %}a{% /tab %}{% tab title="b" %}b{% /tab %}{% /tabs %}
{% table data="more" title=params.name search=true %}
{% dimension value="url" hide=true /%}
{% dimension value="name" title=params.name info=params.name link="url" /%}
{% measure value="sum(n)" /%}
{% /table %}
{% status value=params.name /%} {% owner name=params.name team=params.name /%}
{% info label=params.name text=params.name /%}
{% link_button url="" title=params.name /%}
"""


@pytest.fixture(scope="module")
def snapshot_of_payloads(tmp_path_factory) -> Path:
    return write_snapshot(tmp_path_factory.mktemp("hostile") / "okr.duckdb")


def built_pages(folder: Path, snapshot: Path, payloads: list[str]) -> list[Path]:
    """One page a payload. The payloads come in as data: a shared query of literal rows."""
    (folder / "reports/pages/p").mkdir(parents=True)
    (folder / "reports/queries").mkdir()
    known = [payload for payload in payloads if payload.strip()]
    rows = ", ".join("('" + payload.replace("'", "''") + "')" for payload in known)
    for opening in ("${", "{{"):
        rows = rows.replace(opening, f"{opening[0]}' || '{opening[1]}")
    (folder / "reports/queries/payloads.sql").write_text(f"select * from (values {rows}) t(name)", encoding="utf-8")
    (folder / "reports/pages/p/[name].md").write_text(PAGE, encoding="utf-8")
    (folder / "reports/pages/index.md").write_text("---\ntitle: Home\n---\n", encoding="utf-8")
    site = build_site(snapshot, folder / "reports", folder / "site").out_dir
    pages = sorted(site.glob("p/*/index.html"))
    assert len(pages) == len(set(known))
    return pages


@pytest.fixture
def no_link_check(monkeypatch):
    """Some payloads are targets of links and lead nowhere, which would stop the build."""
    monkeypatch.setattr("okr_reports.report_site.build.broken_links", lambda files: [])


@pytest.fixture
def without_wall(monkeypatch, wall):
    """The renderers of this test come from a process that takes this wall away first, and nothing else."""
    begin = client.START.replace("main(int", f"import {__name__} as here; here.WALLS[{wall!r}][0](); main(int")
    assert begin != client.START
    monkeypatch.setattr(client, "START", begin)
    monkeypatch.setattr(client, "_server", client._Server())
    yield
    client._server.end()


def test_no_payload_does_anything(tmp_path, snapshot_of_payloads, no_link_check):
    pages = built_pages(tmp_path, snapshot_of_payloads, hostile_corpus.sample())
    assert len(pages) >= 150
    assert open_documents(pages, ATTACK, tmp_path) == NOTHING


@pytest.mark.torture
def test_no_payload_of_any_corpus_does_anything(tmp_path, snapshot_of_payloads, no_link_check):
    payloads = list(dict.fromkeys([*hostile_corpus.own(), *hostile_corpus.public()]))
    pages = built_pages(tmp_path, snapshot_of_payloads, payloads)
    print(f"{len(pages)} documents, {PAGE.count('params.name')} places in each")
    assert len(pages) >= 1_250
    assert open_documents(pages, ATTACK, tmp_path) == NOTHING


def test_the_corpus_is_large_and_the_places_are_many():
    assert len(hostile_corpus.own()) >= 1_250
    assert PAGE.count("params.name") >= 12


def without_escaping() -> None:
    made = dialect.Sandbox.__init__

    def unescaped(self, *arguments, **options):
        made(self, *arguments, **options)
        self.autoescape = False

    dialect.Sandbox.__init__ = unescaped
    prose.escape = lambda value: value


def without_note_sanitiser() -> None:
    prose.nh3 = SimpleNamespace(clean=lambda html, **_: html)
    prose._note_parser = lambda: MarkdownIt("commonmark", {"html": True})


def without_safe_targets() -> None:
    prose.SAFE_LINK = re.compile(r".*", re.DOTALL)


WALLS = {
    "escaping": (
        without_escaping,
        ["<script>alert(1)</script>", "<img src=https://evil.example/a.png onerror=alert(1)>"],
    ),
    "the sanitiser of notes": (without_note_sanitiser, ["<img src=x onerror=alert(1)>", "<svg onload=alert(1)>"]),
    "safe targets of links": (without_safe_targets, ["javascript:alert(1)", "JaVaScRiPt:alert(1)"]),
}


@pytest.mark.parametrize("wall", WALLS)
def test_each_wall_taken_away(tmp_path, snapshot_of_payloads, no_link_check, without_wall, wall):
    """Without it the content policy still stops everything; without that too, the same texts do fire."""
    pages = built_pages(tmp_path, snapshot_of_payloads, WALLS[wall][1])
    seen = open_documents(pages, ATTACK, tmp_path)
    assert (seen.dialogs, seen.requests, seen.crashed) == ([], [], [])
    for path in pages:
        html = path.read_text(encoding="utf-8")
        assert "Content-Security-Policy" in html
        path.write_text(html.replace("Content-Security-Policy", "x-no-policy"), encoding="utf-8")
    # a browser that what got through has brought down shows the same
    seen = open_documents(pages, ATTACK, tmp_path)
    assert seen.dialogs
    if wall == "escaping":
        assert seen.requests


def test_without_the_policy_the_other_walls_hold(tmp_path, snapshot_of_payloads, no_link_check):
    pages = built_pages(tmp_path, snapshot_of_payloads, hostile_corpus.sample()[::3])
    for path in pages:
        html = path.read_text(encoding="utf-8")
        path.write_text(html.replace("Content-Security-Policy", "x-no-policy"), encoding="utf-8")
    assert open_documents(pages, ATTACK, tmp_path) == NOTHING


def test_the_search_index_without_its_escaping_would_break_out(tmp_path):
    """The index is a script of its own file; inlined unescaped, as a page must not, it fires."""
    pages = []
    for name in ("as it is", "escaped"):
        text = json.dumps([f"</script><script>alert('{name}')</script>"])
        text = text.replace("<", "\\u003c") if name == "escaped" else text
        pages.append(tmp_path / f"{name}.html")
        pages[-1].write_text(f"<!doctype html><script>window.pages={text};</script>", encoding="utf-8")
    assert open_documents(pages, ATTACK, tmp_path).dialogs == ["as it is"]


def test_a_document_that_crashes_or_hangs_the_browser_is_tried_again_and_named(tmp_path):
    """One document in a frame takes its neighbours down with it; they are opened again, it is told."""
    texts = {"hangs": "<script>for(;;);</script>", "fires": "<script>alert(1)</script>", "quiet": "<p>x</p>"}
    pages = []
    for name, text in texts.items():
        pages.append(tmp_path / f"{name}.html")
        pages[-1].write_text(f"<!doctype html>{text}", encoding="utf-8")
    seen = open_documents(pages, ATTACK, tmp_path, seconds=5)
    assert seen.crashed == [str(tmp_path / "hangs.html")]
    assert seen.dialogs
