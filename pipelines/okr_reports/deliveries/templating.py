"""The one Jinja environment of this room: what is HTML is escaped, texts come from the language's catalogue.

Templates are this package's files. What they are given is plain (`plain_values`), as in the pages of the site: a title
that somebody turned into a template, or a template that somebody changed, finds nothing to call.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, nodes, select_autoescape
from markupsafe import Markup

from okr_reports.common.isolated import isolated_value
from okr_reports.common.plain_values import function, plain
from okr_reports.deliveries.wording import TEMPLATES, catalogue
from okr_reports.template_sandbox import PlainSandbox


class MailSandbox(PlainSandbox):
    """Templates may include each other: they are one folder of the package."""

    refused = tuple(kind for kind in PlainSandbox.refused if kind is not nodes.Include)


@cache
def environment() -> MailSandbox:
    """Where the templates lie and how they are read."""
    return MailSandbox(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=isolated_value,
    )


def rendered(template: str, language: str, /, **values: Any) -> str:
    """The template with these values. Raises TypeError for a value that templates may not see."""
    words, html = catalogue(language), template.endswith(".html.j2")

    def filled(text: str, named: dict[str, Any]) -> str:
        made = Markup(text) if html else text
        return made % named if named else made

    texts = {
        "_": function(lambda text, **named: filled(words.gettext(text), named)),
        "ngettext": function(
            lambda singular, many, number, **named: filled(
                words.ngettext(singular, many, number), {"num": number, **named}
            )
        ),
    }
    shown = {name: plain(value) for name, value in {"language": language, **values}.items()}
    return environment().get_template(template).render({**shown, **texts})
