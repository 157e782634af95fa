"""Checks that every link of a built site leads to a file of it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from html import unescape
from urllib.parse import unquote

ADDRESS = re.compile(rb"""<(?:a|link|script|img)\b[^>]*?\s(?:href|src)="([^"]*)\"""")
ANCHOR = re.compile(rb"""\sid="([^"]+)\"""")
OUTSIDE = ("http://", "https://", "mailto:", "data:")


def broken_links(files: Mapping[str, bytes]) -> list[str]:
    """`page: link` for each link of an HTML file that leads nowhere, anchors included."""
    wrong = []
    anchors: dict[str, set[bytes]] = {}
    for path in sorted(files):
        if not path.endswith(".html"):
            continue
        folder = posixpath.dirname(path)
        for raw in dict.fromkeys(ADDRESS.findall(files[path])):
            address = unescape(raw.decode())
            if address.startswith(OUTSIDE):
                continue
            target, _, fragment = address.partition("#")
            there = posixpath.normpath(posixpath.join(folder, unquote(target))) if target else path
            if there not in files:
                wrong.append(f"{path}: {address}")
            elif fragment and there.endswith(".html"):
                if there not in anchors:
                    anchors[there] = set(ANCHOR.findall(files[there]))
                if fragment.encode() not in anchors[there]:
                    wrong.append(f"{path}: {address}")
    return wrong
