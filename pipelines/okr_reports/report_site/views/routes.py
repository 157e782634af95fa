"""Addresses of pages: safe folder names, links that work from disk, and the menu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from okr_reports.common.folder_names import segment
from okr_reports.common.plain_values import shows
from okr_reports.report_site.faults import BadRows, choose


def relative(here: str, there: str) -> str:
    """The link from page `here` to page `there` (routes): with its file name, because it must work from disk."""
    up = "../" * (len(here.split("/")) if here else 0)
    return f"{up}{there}/index.html" if there else f"{up}index.html"


def asset(here: str, path: str) -> str:
    """The link from page `here` to a file of the site."""
    return "../" * (len(here.split("/")) if here else 0) + path


@dataclass(frozen=True)
class Entry:
    """One line of the menu."""

    title: str
    route: str
    position: int
    children: Sequence[Entry] = field(default_factory=tuple)

    def holds(self, route: str) -> bool:
        return route == self.route or (bool(self.route) and route.startswith(self.route + "/"))


@dataclass(frozen=True)
class SiteMap:
    """All pages of one build: route -> title, the menu, and the routes of pages with the form of a check-in."""

    titles: Mapping[str, str]
    menu: Sequence[Entry]
    forms: tuple[str, ...] = ()

    def find(self, *parts: object) -> str | None:
        """The route of `objectives`, `grow_pipeline`, or None when there is no such page."""
        pieces = [piece for part in parts for piece in (str(part).split("/") if len(parts) == 1 else [str(part)])]
        route = "/".join(segment(piece) for piece in pieces if piece)
        return route if route in self.titles else None

    def need(self, *parts: object) -> str:
        """The route. Raises BadValue when there is no such page."""
        route = self.find(*parts)
        if route is None:
            wanted = "/".join(str(part) for part in parts)
            raise BadRows(f"there is no page {wanted!r}", choose(wanted, self.titles, "pages"))
        return route

    def trail(self, route: str) -> list[tuple[str, str]]:
        """The pages above `route`, from the top: (route, title)."""
        parts = route.split("/") if route else []
        above = ["/".join(parts[:number]) for number in range(len(parts))]
        return [(route_above, self.titles[route_above]) for route_above in above if route_above in self.titles]


shows(Entry, "title", "route", "position", "children", "holds")
shows(SiteMap, "menu", "trail")
