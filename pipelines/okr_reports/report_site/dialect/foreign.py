"""Markup of other dialects in a page: Evidence's old one, Svelte, HTML. A page would show it as it is written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from okr_reports.report_site.dialect.tags import INSTEAD
from okr_reports.report_site.faults import PageFault, choose
from okr_reports.report_site.source_files import SourceFile

# What is shown as it is written or read by Jinja: fences, code in a line, templates, comments.
_OURS = r"^```.*?^```[ \t]*$|`[^`\n]+`|\{%.*?%\}|\{\{.*?\}\}|\{#(?![a-z]).*?#\}"
_FOREIGN = re.compile(
    _OURS
    + r"|<(?P<end>/?)(?P<tag>[A-Za-z][\w-]*)(?P<rest>(?:\s[^<>]*)?/?)>"
    + r"|\{(?P<block>[#:/@][a-z]+)\b[^}\n]*\}"
    + r"|\$\{(?!\{)(?P<input>[^}\n]*)\}"
    + r"|^(?P<fence>(?:[ \t]+```|[ \t]*~~~)[ \t]*sql[ \t]+\w+)[^\n]*"
    + r"|^(?P<module>import\s[^\n]*?\sfrom\s+[\"'][^\n]*)"
    + r"|(?<!\\)\{(?P<variable>\$[A-Za-z_][^{}\n]*)\}"
    + r"|(?<!\\)\{\s*(?P<value>[A-Za-z_]\w*(?:[.\[(][^{}\n]*?)?)\s*\}",
    re.DOTALL | re.MULTILINE,
)
_QUERY = re.compile(r"^```[ \t]*([\w-]*)[^\n]*\n\s*(?:select|with|from)\b.*?^```[ \t]*$", re.S | re.M | re.I)
# Languages of code that is shown.
_SHOWN = ("text", "txt", "sql", "sh", "bash", "console", "python", "yaml", "json", "jinja", "html", "markdown", "md")
# What Core calls otherwise.
_RENAMED = {
    "DataTable": "table", "Column": "measure", "ScatterPlot": "scatter_chart",
    "DateRange": "range_calendar", "Group": "stack", "Alert": "callout",
    "BigLink": "link_button", "DownloadData": "download", "LastRefreshed": "freshness", "FunnelChart": "funnel_chart",
    "DropdownOption": "option", "ButtonGroupItem": "option",
}  # fmt: skip
# Of Svelte, in which pages of Evidence before Core are written.
_BLOCKS = {
    "#if": "{% if ... %}", ":else": "{% else %} or {% elif ... %}", "/if": "{% endif %}",
    "#each": "{% for row in query %}", "/each": "{% endfor %}", "@partial": '{% partial file="name" /%}',
}  # fmt: skip
# Elements of HTML that mean something without an attribute or an end.
_ALONE = ("br", "hr", "img", "input", "script", "style", "iframe")
# What single braces held there, beside a query's name.
_KNOWN = ("inputs", "params", "page", "fmt")


def foreign_markup(file: SourceFile, queries: Collection[str], tags: Collection[str]) -> Iterator[PageFault]:
    """What of a Markdown file would be shown as it is written, with the way to write it here."""
    if file.path.suffix != ".md":
        return

    def fault(match: re.Match[str], what: str, todo: str) -> PageFault:
        return PageFault(file.path, file.body[: match.start()].count("\n") + 1, what, todo)

    for match in _QUERY.finditer(file.body):
        if match[1] not in _SHOWN:
            todo = f"write ```sql {match[1] or 'name'} if it is one, ```text if it is to be shown"
            yield fault(match, "a fence looks like a query and has no `sql`", todo)
    for match in _FOREIGN.finditer(file.body):
        shown = f"{match[0].strip().splitlines()[0][:40]} would be shown as it is written"
        if match["tag"]:
            if found := _tag(match, tags):
                yield fault(match, *found)
        elif match["block"]:
            todo = f"write {_BLOCKS[match['block']]}" if match["block"] in _BLOCKS else "leave it out"
            yield fault(match, shown, todo)
        elif match["input"] is not None:
            yield fault(match, shown, f"a value is written {{{{ {match['input'].strip() or 'query[0].column'} }}}}")
        elif match["fence"]:
            yield fault(match, shown, "a query's fence begins its line with ```sql and its name")
        elif match["module"]:
            yield fault(match, shown, "pages load no code; leave it out")
        elif match["variable"]:
            yield fault(match, shown, f"write {{{{ {match['variable']} }}}}")
        elif match["value"]:
            head = re.split(r"\W", match["value"], maxsplit=1)[0]
            if head in queries or (head in _KNOWN and head != match["value"]):
                yield fault(match, shown, f"write {{{{ {match['value']} }}}}")


def _tag(match: re.Match[str], tags: Collection[str]) -> tuple[str, str] | None:
    """What is wrong with `<...>`, and what to write; None for a word in angle brackets and the end of an element."""
    written = match["tag"]
    name = _RENAMED.get(written, re.sub(r"(?<!^)([A-Z])", r"_\1", written).lower())
    if match["end"]:
        return None
    if written[0].isupper() or (name in tags and "_" in name):
        if name in tags:
            return f"<{written}> is Evidence's old form", f"write {{% {name} ... /%}}"
        if name in INSTEAD:
            return f"<{written}> is Evidence's old form", INSTEAD[name]
        return f"<{written}> looks like a component, and none has that name", choose(name, tags, "tags")
    return None


def html_elements(file: SourceFile) -> Iterator[PageFault]:
    """Elements of HTML, shown as they are written; no mistake, since a page may mean just that."""
    if file.path.suffix != ".md":
        return
    for match in _FOREIGN.finditer(file.body):
        name, rest = match["tag"], match["rest"] or ""
        if not name or match["end"] or name[0].isupper():
            continue
        if "=" in rest or rest.endswith("/") or f"</{name}>" in file.body or name in _ALONE:
            line = file.body[: match.start()].count("\n") + 1
            what = f"<{name}> is shown as it is written"
            yield PageFault(file.path, line, what, f"{INSTEAD['html']}, or write `<{name}>` where that is meant")
