"""Links and pictures of a page of before Core as they are here."""

from __future__ import annotations

import re

from okr_reports.adding.evidence.named import Note, Project


def with_links(out: str, project: Project, source: str, note: Note) -> str:
    """Links to pages and images that there are; of others the words. `source` is the page as the project has it."""

    def link(match: re.Match[str]) -> str:
        mark, words, target = match[1], match[2], match[3].strip()
        target, _, anchor = target.partition("#")
        line = source.count("\n", 0, max(0, source.find(target))) + 1
        if mark:
            name = project.images.get(target.rpartition("/")[2])
            if name and not target.startswith("http"):
                return f"![{words or name}]({name})"
            note(line, f"![{words}]({target})", "images of other places are not loaded; their words stay")
            return f"[{words or target}]({target})" if target.startswith("https://") else words
        if target.startswith(("http://", "https://", "mailto:")) or "{{" in target or (not target and anchor):
            return match[0]
        route = project.routes.get(target.strip("/").removesuffix(".md").replace("%20", " ").lower())
        if route is not None:
            return f"[{words}](/{route}{'#' + anchor if anchor else ''})"
        note(line, f"[{words}]({target})", "leads to no page of the project; its words stay")
        return words

    parts = re.split(r"(^```.*?^```[ \t]*$)", out, flags=re.DOTALL | re.MULTILINE)
    pattern = re.compile(r"(!?)\[((?:[^\[\]]|\{\{.*?\}\})*)\]\(([^()\s]*(?:\{\{.*?\}\}[^()\s]*)*)(?:\s+\"[^\"]*\")?\)")
    return "".join(part if number % 2 else pattern.sub(link, part) for number, part in enumerate(parts))
