"""Names, notes and reasons are data: no template engine, parser or script ever runs them."""

from __future__ import annotations

import re
from html import unescape

import pytest

from okr_reports.report_site.build import build_site
from okr_reports.report_site.formats.prose import render_note
from tests.report_site.conftest import REPORTS
from tests.report_site.snapshot import write_snapshot

REL = 'rel="noopener noreferrer nofollow"'
SSTI = [
    "{{7*7}}", "{{ 7*7 }}", "{{'7'*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{% print(7*7) %}", "{{7*'7'}}", "{#7*7#}",
    "{% set x=7*7 %}{{x}}", "{% for x in range(7*7) %}{{x}}{% endfor %}", "{% if 7*7 == 49 %}49{% endif %}",
    "{{''.__class__}}", "{{''.__class__.__mro__[1].__subclasses__()}}", "{{request}}", "{{config}}",
    "{{config.items()}}",
    "{{self}}", "{{self.__init__.__globals__}}", "{{cycler.__init__.__globals__.os.popen('id').read()}}",
    "{{joiner.__init__.__globals__.os.popen('id').read()}}", "{{lipsum.__globals__['os'].popen('id').read()}}",
    "{{namespace.__init__.__globals__.os.popen('id').read()}}", "{{url_for.__globals__}}", "{{get_flashed_messages}}",
    "{{().__class__.__bases__[0]}}", "{{[].__class__}}", "{{{}.__class__}}", "{{t.__globals__}}", "{{t.__func__}}",
    "{{link.__self__}}", "{{linked.__self__.formatter}}", "{{context.__class__}}", "{{params}}", "{{page}}",
    "{{context.organisation}}", "{{ 'x' * 1000000000 }}", "{{ range(1000000000) | list }}",
    "{% raw %}{{x}}{% endraw %}",
    "{% include '/etc/passwd' %}", "{% import 'os' as os %}", "{% extends 'layout' %}", "{% from 'a' import b %}",
    "{% macro m() %}49{% endmacro %}{{ m() }}", "{% call m() %}{% endcall %}", "{% filter upper %}x{% endfilter %}",
    "{% block x %}49{% endblock %}", "{% big_value data='key_results' value='title' /%}",
    "{% table data='key_results' /%}",
    "{% partial file='about_numbers' /%}", "{% details title='x' %}y{% /details %}", "{% /details %}", "{% endif %}",
    "${params.id}", "${every_objective}", "$params_id", "{{ rows[0] }}", "%(n)s %(name)s %d", "{n} {0} {}",
    "xSLOT0x xSLOT1x",
    "```sql evil\nselect 1\n```", "---\ntitle: x\n---", "{{ t('On track') }}", "{{ (7*7) | fmt('num0') }}",
]  # fmt: skip


def test_there_are_sixty_template_payloads():
    assert len(SSTI) >= 60


def test_template_payloads_in_every_text_are_shown_and_never_evaluated(tmp_path):
    """One site with all payloads in every free text of the marts; each must be on the pages exactly as written."""
    payload = " ¦ ".join(SSTI)
    snapshot = write_snapshot(tmp_path / "okr.duckdb", payload=payload)
    site = build_site(snapshot, REPORTS, tmp_path / "site").out_dir
    for page in ("index.html", "objectives/grow_pipeline/index.html", "key-results/linkedin_leads_up/index.html"):
        html = (site / page).read_text(encoding="utf-8")
        # blanks are folded by Markdown and not by tables, so compare without them
        shown = re.sub(r"\s+", "", unescape(re.sub(r"<[^>]+>", "", html)))
        assert re.sub(r"\s+", "", payload) in shown, page
        assert "&lt;class" not in html
        assert "root:x:0" not in html
        assert "7777777" not in html


def test_every_page_has_the_content_policy_and_no_inline_style_or_handler(built):
    for path in built.out_dir.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'" in html
        assert not re.search(r"<[a-z][^>]*\s(?:style|on[a-z]+)=", html), path
        scripts = re.findall(r"<script\b(.*?)</script>", html, re.DOTALL)
        assert scripts, path
        # files of the site alone, nothing between the tags
        own = re.compile(r' src="(?:\.\./)*assets/(?:site|ranges)\.[0-9a-f]{10}\.js">')
        assert all(own.fullmatch(one) for one in scripts), path


def test_the_search_index_cannot_break_out_of_its_script(tmp_path):
    payload = "</script><script>alert(1)</script><!--"
    snapshot = write_snapshot(tmp_path / "okr.duckdb", payload=payload)
    site = build_site(snapshot, REPORTS, tmp_path / "site").out_dir
    index = (site / "assets" / "search.js").read_text(encoding="utf-8")
    assert "<" not in index
    assert "alert(1)" in index


@pytest.mark.parametrize(
    ("note", "html"),
    [
        ("**bold** and *soft*", "<p><strong>bold</strong> and <em>soft</em></p>\n"),
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"),
        ("![x](https://a.example)", f'<p>!<a href="https://a.example" {REL}>x</a></p>\n'),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("[x](https://a.example)", f'<p><a href="https://a.example" {REL}>x</a></p>\n'),
        ("# Heading", "<p># Heading</p>\n"),
        (None, ""),
    ],
)  # fmt: skip
def test_notes_keep_a_few_elements(note, html):
    assert render_note(note) == html
