"""What pages and components may call for addresses: pages of the site, files of it, places elsewhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from markupsafe import escape

from okr_reports.common.folder_names import person_id
from okr_reports.report_site.faults import BadValue, choose
from okr_reports.report_site.formats.markup import Html
from okr_reports.report_site.views.assets import Assets
from okr_reports.report_site.views.routes import SiteMap, asset, relative


@dataclass
class AddressFunctions:
    """The addresses of one page: relative to its `route`."""

    route: str
    site: SiteMap
    assets: Assets

    def all(self) -> dict[str, Callable[..., Any]]:
        """By the names templates use."""
        return {name: getattr(self, name) for name in EXPOSED}

    def link(self, *parts: Any) -> str:
        """The address of a page, relative to this one; '' when there is no such page."""
        route = self.site.find(*parts)
        return "" if route is None else relative(self.route, route)

    def linked(self, text: Any, *parts: Any) -> Html:
        """The text as a link to a page, or as it is when there is no such page."""
        address = self.link(*parts)
        return Html('<a href="{}">{}</a>').format(address, text) if address else Html(escape(text))

    def form_link(self, key_result_id: str) -> str:
        """The address of a key result's form for check-ins; '' when there is no such page, or it has none."""
        route = self.site.find("key-results", key_result_id)
        return f"{relative(self.route, route)}#check-in" if route in self.site.forms else ""

    def person_link(self, name: Any) -> Html:
        """A person's name as a link to the person's page, or as it is; '' without a name."""
        return self.linked(name, "people", person_id(str(name))) if name else Html()

    def asset(self, path: str) -> str:
        """The address of a file of the site, relative to this page."""
        return asset(self.route, path)

    def address_of(self, url: str) -> str:
        """A page of the site or an https address. Raises BadValue for anything else."""
        if url.startswith(("https://", "mailto:")):
            return url
        return relative(self.route, self.site.need(url.strip("/")))

    def resolve_link(self, written: str, image: bool = False) -> str:
        """The address of what a text names: /objectives, sources.md#late, an image's file. Raises BadValue."""
        if image:
            return self._image_in_text(written)
        target, _, fragment = written.partition("#")
        if not target:
            return written
        within, route = target.startswith("."), unquote(target)
        if within or re.search(r"\.(?!md$)\w+$", target):
            route = posixpath.normpath(posixpath.join(self.route, route))
            if not re.search(r"(^|/)[^.]*(\.md|\.html)?$", route):
                return self._file_of_site(written, route)
        for end in (".md", "index.html", "index"):
            route = route.strip("/").removesuffix(end)
        return relative(self.route, self.site.need(route.strip("/."))) + (f"#{fragment}" if fragment else "")

    def _file_of_site(self, written: str, path: str) -> str:
        """The link as it is, to a table of the site or a file of the theme."""
        if path.startswith("data/") or path in self.assets.files:
            return written
        todo = f"write https://{written}" if re.match(r"www\.|[\w-]+\.(com|org|net|io)\b", written) else "name a page"
        raise BadValue(f"the site has no file {written!r}", todo)

    def _image_in_text(self, written: str) -> str:
        if re.match(r"[a-z]+:|//", written, re.IGNORECASE):
            name = posixpath.basename(written.partition("?")[0]) or "image.png"
            todo = f"put the file into reports/theme/images/ and write ![...]({name})"
            raise BadValue(f"{written!r}: a page loads no image from elsewhere", todo)
        return self.image_of(unquote(written).lstrip("./").removeprefix("theme/").removeprefix("images/"))

    def page_address(self, url: Any) -> str:
        """The same for an address that comes from data: '' when it leads nowhere."""
        text = str(url or "")
        if text.startswith(("https://", "http://", "mailto:")):
            return text
        return self.link(text.strip("/")) if text else ""

    def image_of(self, name: str) -> str:
        """The address of a file in theme/images/. Raises BadValue when there is none."""
        if name not in self.assets.images:
            known = self.assets.images
            todo = choose(name, known, "images") if known else "put the file into reports/theme/images/"
            raise BadValue(f"there is no image {name!r}", todo)
        return self.asset(self.assets.images[name])


EXPOSED = ("link", "linked", "form_link", "person_link", "asset", "address_of", "resolve_link", "image_of")
