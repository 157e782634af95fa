"""What changes with every refresh, whatever it brings, in one small style sheet that every page has.

How far the data goes, when the site was built and by which refresh are words of the style sheet (`content`), so that a
page's own bytes change only when what it says does; seen from disk and without a script, read out by screen readers.
On paper they stand at the foot of every sheet, by the side of its number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from okr_reports.report_site.formats.formats import Formatter
from okr_reports.report_site.formats.languages import Language

PATH = "assets/moment.css"


def moment_css(
    context: Mapping[str, Any], formatter: Formatter, language: Language, clock_is_set: bool = False
) -> bytes:
    """For the row of `report_context`; `--built` is the moment for the script that says a page's age.

    Where the clock is set (`OKR_TODAY`: the demo, a test) no age is said, which the reader's clock would get wrong.
    """
    through, built = context["data_through"], context["refreshed_at"]
    known, nothing = language.text("Data through %(day)s", day=formatter.format(through)), language.text("No data yet")
    texts = {
        "data": known if through else nothing,
        "built": language.text("built %(moment)s", moment=formatter.format(built)),
        "refresh": language.text("refresh %(id)s", id=context["refresh_id"]),
    }
    rules = [f".moment-{name}::after{{content:{_quoted(text)}}}" for name, text in texts.items()]
    on_paper = _quoted(" · ".join(texts.values()))
    rules.append(f"@page{{@bottom-left{{content:{on_paper};font:8pt sans-serif;color:#555}}}}")
    if not clock_is_set:
        rules.insert(0, f":root{{--built:{_quoted(built.isoformat())}}}")
    return "\n".join([*rules, ""]).encode()


def _quoted(text: str) -> str:
    """A text of CSS: what is neither letter, digit nor blank by its number."""
    return '"' + re.sub(r"[^\w ]", lambda sign: f"\\{ord(sign[0]):x} ", text) + '"'
