"""Makes one page of a site hold what it needs: style, scripts and images inside, files as links to their locked pages.

Only the tags concerned are exchanged, at their places; every other byte of the page stays as it is.
"""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit, urlunsplit

from okr_reports.deliveries.site_files import CONTENT_TYPES

LOCKED_SUFFIX = ".html"
_CSS_URL = re.compile(r"""url\(\s*(["']?)([^"')]+)\1\s*\)""")
_ICONS = {"icon", "apple-touch-icon", "mask-icon"}

Attributes = Sequence[tuple[str, str | None]]
Values = dict[str, str | None]


@dataclass
class _Page(HTMLParser):
    """Collects what is to be exchanged: (from, to, new text)."""

    name: str
    html: str
    files: Mapping[str, bytes]
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    deferred: list[str] = field(default_factory=list)
    policy: tuple[int, int, str] | None = None
    body_end: int | None = None
    language: str = "en"

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._lines = [0, *(match.end() for match in re.finditer("\n", self.html))]
        self.feed(self.html)
        self.close()

    def _here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        start, values = self._here(), dict(attrs)
        end = start + len(self.get_starttag_text() or "")
        if tag == "html":
            self.language = values.get("lang") or self.language
        elif tag == "meta" and (values.get("http-equiv") or "").lower() == "content-security-policy":
            self.policy = (start, end, values.get("content") or "")
        elif tag in ("link", "script", "img", "a"):
            found = self._local(values.get("src" if tag in ("script", "img") else "href"))
            new = None if found is None else getattr(self, f"_with_{tag}")(values, found)
            if new is not None:
                self.edits.append((start, end, new))

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag: str) -> None:
        if tag == "body":
            self.body_end = self._here()

    def _with_link(self, values: Values, found: str) -> str:
        kinds = set((values.get("rel") or "").lower().split())
        if "stylesheet" in kinds:
            text = self._style(found)
            self.styles.append(text)
            return _tag("style", {name: value for name, value in values.items() if name == "media"}) + text + "</style>"
        return _tag("link", {**values, "href": self._data(found)}) if kinds & _ICONS else ""

    def _with_script(self, values: Values, found: str) -> str:
        text = _script_text(self.files[found])
        self.scripts.append(text)
        kept = {name: value for name, value in values.items() if name not in ("src", "defer", "async", "integrity")}
        if "defer" not in values and "async" not in values:
            return _tag("script", kept) + text
        # Inside the page nothing is deferred: it goes where the body is complete.
        self.deferred.append(_tag("script", kept) + text + "</script>")
        return "<script>"

    def _with_img(self, values: Values, found: str) -> str:
        return _tag("img", {**values, "src": self._data(found)})

    def _with_a(self, values: Values, found: str) -> str | None:
        if found.endswith(".html"):
            return None
        parts = urlsplit(values["href"] or "")
        values = {**values, "href": urlunsplit(parts._replace(path=parts.path + LOCKED_SUFFIX))}
        return _tag("a", {name: value for name, value in values.items() if name != "download"})

    def _local(self, reference: str | None) -> str | None:
        """The file of the site that a reference names."""
        return _resolve(self.name, reference, self.files)

    def _data(self, name: str) -> str:
        return _data_url(name, self.files[name])

    def _style(self, name: str) -> str:
        def inside(match: re.Match[str]) -> str:
            found = _resolve(name, match[2], self.files)
            return match[0] if found is None else f'url("{self._data(found)}")'

        text = _CSS_URL.sub(inside, self.files[name].decode("utf-8")).replace("\r\n", "\n")
        return text.replace("</style", "<\\/style")


def self_contained(name: str, files: Mapping[str, bytes], on_demand: Sequence[str] = ()) -> tuple[str, str]:
    """The page `name` of `files` with all it needs inside, and its language.

    `on_demand` are scripts that pages load when they need them. A content security policy is kept as strict as it
    was: `'self'` gives way to the hashes of what came in.
    """
    page = _Page(name, files[name].decode("utf-8"), files)
    loaded = [_script_text(files[script]) for script in on_demand]
    edits = list(page.edits)
    late = "".join(page.deferred) + "".join(f"<script>{text}</script>" for text in loaded)
    if late:
        end = len(page.html) if page.body_end is None else page.body_end
        edits.append((end, end, late))
    if page.policy:
        start, stop, policy = page.policy
        edits.append((start, stop, _policy_tag(policy, [*page.scripts, *loaded], page.styles)))
    html = page.html
    for start, stop, new in sorted(edits, reverse=True):
        html = html[:start] + new + html[stop:]
    return html, page.language


def referenced_scripts(files: Mapping[str, bytes]) -> set[str]:
    """The scripts that some page names in a tag."""
    found = set()
    for name, content in files.items():
        if name.endswith(".html"):
            for match in re.finditer(r"""<script[^>]*\ssrc=["']?([^"'\s>]+)""", content.decode("utf-8")):
                found.add(_resolve(name, match[1], files))
    return {name for name in found if name}


def _resolve(page: str, reference: str | None, files: Mapping[str, bytes]) -> str | None:
    parts = urlsplit(reference or "")
    if parts.scheme or parts.netloc or not parts.path:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path)))
    for candidate in (path, f"{path}/index.html", "index.html" if path == "." else path):
        if candidate in files:
            return candidate
    return None


def _script_text(content: bytes) -> str:
    text = content.decode("utf-8").replace("\r\n", "\n")
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _data_url(name: str, content: bytes) -> str:
    kind = CONTENT_TYPES.get(posixpath.splitext(name)[1].lower(), "application/octet-stream").split(";")[0]
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _tag(name: str, values: Mapping[str, str | None]) -> str:
    written = "".join(f" {key}" if value is None else f' {key}="{escape(value)}"' for key, value in values.items())
    return f"<{name}{written}>"


def _policy_tag(policy: str, scripts: Sequence[str], styles: Sequence[str]) -> str:
    inside = {
        "script-src": [_hash(text) for text in scripts],
        "style-src": [_hash(text) for text in styles],
        "img-src": ["data:"],
        "font-src": ["data:"],
    }
    directives = []
    for directive in policy.split(";"):
        name, *sources = directive.split()
        allowed = [source for source in sources if source.lower() != "'self'"]
        # A hash beside 'unsafe-inline' would switch that off.
        if len(allowed) < len(sources) and "'unsafe-inline'" not in allowed:
            allowed += inside.get(name.lower(), [])
        directives.append(" ".join([name, *(dict.fromkeys(allowed) if allowed or not sources else ["'none'"])]))
    return _tag("meta", {"http-equiv": "Content-Security-Policy", "content": "; ".join(directives)})


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
