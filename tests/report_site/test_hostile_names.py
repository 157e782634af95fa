"""Hostile names in twelve and more places of a page, one payload a document, in a real browser."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error

from pipelines.report_site import dialect
from pipelines.report_site.build import build_site
from pipelines.report_site.routes import segment
from tests.report_site.browser import chromium, watched
from tests.report_site.snapshot import write_snapshot

PAYLOADS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>", "\" onmouseover=alert(1) x=\"", "' onfocus=alert(1) autofocus x='",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,<script>alert(1)</script>",
    "</title><script>alert(1)</script>", "</style><script>alert(1)</script>", "</script><script>alert(1)</script>",
    "--><script>alert(1)</script>", "<!--<script>alert(1)//-->", "<iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>", "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>", "<form action=javascript:alert(1)><button>x</button></form>",
    "<details open ontoggle=alert(1)>", "<video><source onerror=alert(1)></video>", "<audio src=x onerror=alert(1)>",
    "<body onload=alert(1)>", "<input autofocus onfocus=alert(1)>", "<select autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)>", "<marquee onstart=alert(1)>", "<math><mi xlink:href=javascript:alert(1)>x",
    "<svg><script>alert(1)</script></svg>", "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x>", "<svg><use href='data:image/svg+xml,x'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>", "<img src=https://evil.example/a.png>",
    "<style>@import 'https://evil.example'</style>",
    "<div style=background:url(https://evil.example/b.png)>", "![x](https://evil.example/c.png)",
    "[x](javascript:alert(1))", "[x](<javascript:alert(1)>)", "<javascript:alert(1)>", "[x]: javascript:alert(1)\n[x]",
    "`<script>alert(1)</script>`", "```\n</code><script>alert(1)</script>\n```", "# <script>alert(1)</script>",
    "| a |\n|---|\n| <script>alert(1)</script> |", "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;alert(1)",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e", "\u2028alert(1)//", "\u202ealert(1)",
    "＜script＞alert(1)＜/script＞", "<scr<script>ipt>alert(1)</scr</script>ipt>", "<<script>alert(1)//<</script>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<template><script>alert(1)</script></template>",
    "{{constructor.constructor('alert(1)')()}}", "${alert(1)}", "<x contenteditable onblur=alert(1)>x",
    "xSLOT0x<script>alert(1)</script>", "%3Cscript%3Ealert(1)%3C/script%3E", "<ﬁle onerror=alert(1)>",
    "Iñtërnâtiônàlizætiøn☃💩",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮", "Ω≈ç√∫˜µ≤≥÷" * 20, "undefined", "null", "NaN", "-1/0", "0x0",
    "1;DROP TABLE users", "' or '1'='1",
]  # fmt: skip

CLICK_ODD_LINKS = "document.querySelectorAll('a').forEach(a => { if (!/^(file|https?):/.test(a.href)) a.click() })"
PAGE = """---
title: "{{ params.name }}"
one_page_per: payloads
---
```sql rows
select ${params.name} as name, n, 'https://a.example' as url from range(1, 4) t(n)
```
```sql more
select case n when 1 then ${params.name} else 'b' || n end as name, n, date '2026-01-01' + n::int as day,
  ${params.name} as k
from ${rows}
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
{% big_value data="rows" value="n" title=params.name info=params.name /%}
{% line_chart data="more" x="day" y="n" series="k" title=params.name subtitle=params.name %}
{% reference_line y=2 label=params.name /%}
{% /line_chart %}
{% bar_chart data="more" x="name" y="n" y_titles=[params.name] title=params.name /%}
{% horizontal_bar_chart data="more" y="name" x="n" title=params.name /%}
{% funnel_chart data="more" category="name" value="n" title=params.name /%}
{% heatmap data="more" x="name" y="k" value="n" title=params.name /%}
{% tabs label=params.name %}{% tab title=params.name %}a{% /tab %}{% tab title="b" %}b{% /tab %}{% /tabs %}
{% table data="more" title=params.name %}
{% dimension value="name" title=params.name link="p/{name}" /%}
{% measure value="n" /%}
{% /table %}
{% status value=params.name /%} {% owner name=params.name team=params.name /%}
{% info label=params.name description=params.name /%}
{% link_button url="" label=params.name /%}
"""


@pytest.fixture(scope="module")
def snapshot_of_payloads(tmp_path_factory) -> Path:
    return write_snapshot(tmp_path_factory.mktemp("hostile") / "okr.duckdb")


def built_site(folder: Path, snapshot: Path) -> Path:
    """One page a payload. The payloads come in as data: a shared query of literal rows."""
    (folder / "reports/pages/p").mkdir(parents=True)
    (folder / "reports/queries").mkdir()
    rows = ", ".join("('" + payload.replace("'", "''") + "')" for payload in PAYLOADS)
    rows = rows.replace("${", "$' || '{")
    (folder / "reports/queries/payloads.sql").write_text(f"select * from (values {rows}) t(name)", encoding="utf-8")
    (folder / "reports/pages/p/[name].md").write_text(PAGE, encoding="utf-8")
    (folder / "reports/pages/index.md").write_text("---\ntitle: Home\n---\n", encoding="utf-8")
    return build_site(snapshot, folder / "reports", folder / "site").out_dir


def attack(pages: list[Path], browser) -> tuple[list[str], list[str], int]:
    """Open each page, move over its charts, click its unsafe-looking links: dialogs, requests, scripts that ran."""
    scripts = 0
    with watched(browser) as one:
        for path in pages:
            # a payload that gets through may lead away in the middle of the attack
            with suppress(Error):
                page = one.open(path)
                scripts += page.evaluate("document.querySelectorAll('script:not([src])').length")
                page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
                for chart in page.locator(".chart").all()[:3]:
                    if box := chart.bounding_box():
                        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
                page.evaluate(CLICK_ODD_LINKS)
        return one.dialogs, [url for url in one.requests if not url.startswith("data:")], scripts


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


def test_no_payload_does_anything(tmp_path, snapshot_of_payloads, browser, monkeypatch):
    # some payloads are targets of links and lead nowhere, which would stop the build
    monkeypatch.setattr("pipelines.report_site.build.broken_links", lambda files: [])
    pages = sorted(built_site(tmp_path, snapshot_of_payloads).glob("p/*/index.html"))
    assert len(pages) == len(PAYLOADS)
    assert attack(pages, browser) == ([], [], 0)


def test_each_wall_holds_alone(tmp_path, snapshot_of_payloads, browser, monkeypatch):
    """Escaping off: the content policy still stops everything. Both off: the same payloads do fire."""
    made = dialect.Sandbox.__init__

    def without_escaping(self, *arguments, **options):
        made(self, *arguments, **options)
        self.autoescape = False

    monkeypatch.setattr(dialect.Sandbox, "__init__", without_escaping)
    monkeypatch.setattr("pipelines.report_site.build.broken_links", lambda files: [])
    monkeypatch.setattr("pipelines.report_site.prose.escape", lambda value: value)
    site = built_site(tmp_path, snapshot_of_payloads)
    # payloads that take the focus would ask again and again
    pages = [site / "p" / segment(payload) / "index.html" for payload in PAYLOADS[:45] if "focus" not in payload][::3]
    dialogs, requests, scripts = attack(pages, browser)
    # a policy does not stop <meta http-equiv=refresh> from leading to another address
    assert (dialogs, set(requests) - {"https://evil.example/"}) == ([], set())
    assert scripts > 0
    for path in pages:
        html = path.read_text(encoding="utf-8")
        path.write_text(html.replace("Content-Security-Policy", "x-no-policy"), encoding="utf-8")
    dialogs, requests, _ = attack(pages, browser)
    assert dialogs
    assert requests
