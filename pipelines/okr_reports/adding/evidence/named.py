"""What a page of a project may name, as it is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from okr_reports.report_site.dialect.components import Component, load_components

# line, what and why of something that is left out or otherwise than it was
Note = Callable[[int, str, str], None]


@dataclass
class Project:
    """What a page may name: tables by `folder.name`, shared queries by how they are written, routes, images.

    `bound` are the shared queries that name inputs or parameters, as the project writes them: pages get them as theirs.
    """

    tables: Mapping[str, str] = field(default_factory=dict)
    queries: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    routes: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    partials: Mapping[str, str] = field(default_factory=dict)
    bound: Mapping[str, str] = field(default_factory=dict)
    is_core: bool = False
    components: Mapping[str, Component] = field(default_factory=lambda: load_components([])[0])
