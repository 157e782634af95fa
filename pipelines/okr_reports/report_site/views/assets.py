"""The site's own files: style, script, icon, status shapes. Names carry a hash of the content."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from okr_reports.report_site.views.theme import Theme, image_files

SHIPPED = Path(__file__).parents[1] / "builtin" / "theme"


@dataclass(frozen=True)
class Assets:
    """Files by their path in the site, and where the style and the scripts lie. `images` are the workspace's own."""

    files: dict[str, bytes]
    css: str
    js: str
    ranges: str
    marks: Markup
    images: dict[str, str]
    logo: str
    logo_text: str


def load_assets(theme: Path, changed: Theme) -> Assets:
    """The shipped theme, with what `theme.yaml` changed and `theme/theme.css` after it, `theme/images/` beside it."""
    css = _lean("site.css").encode() + (f"\n{changed.css}\n".encode() if changed.css else b"")
    own = theme / "theme.css"
    if own.is_file():
        css += b"\n" + own.read_bytes()
    files: dict[str, bytes] = {}
    css_path = _add(files, "site", ".css", css)
    js_path = _add(files, "site", ".js", _lean("site.js").encode())
    ranges_path = _add(files, "ranges", ".js", _lean("ranges.js").encode())
    icon = theme / "icon.svg"
    files["assets/icon.svg"] = (icon if icon.is_file() else SHIPPED / "icon.svg").read_bytes()
    images = {path.name: _add(files, path.stem, path.suffix.lower(), path.read_bytes()) for path in image_files(theme)}
    marks = Markup((SHIPPED / "marks.svg").read_text(encoding="utf-8"))
    logo = images.get(changed.logo or "", "")
    return Assets(files, css_path, js_path, ranges_path, marks, images, logo, changed.logo_text or "")


def _lean(name: str) -> str:
    """A shipped file without indentation and lines of comment, 20 % smaller: its strings hold neither."""
    lines = (line.strip() for line in (SHIPPED / name).read_text(encoding="utf-8").splitlines())
    text = "\n".join(line for line in lines if line and not re.fullmatch(r"//.*|/\*[^*]*\*/", line)) + "\n"
    return re.sub(r"\s*([{};])\s*", r"\1", text) if name.endswith(".css") else text


def _add(files: dict[str, bytes], name: str, suffix: str, content: bytes) -> str:
    path = f"assets/{name}.{hashlib.sha256(content).hexdigest()[:10]}{suffix}"
    files[path] = content
    return path
