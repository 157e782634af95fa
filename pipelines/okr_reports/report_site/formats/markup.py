"""HTML made by our own code, as a type of its own.

Pages tell it from page text: what is Html goes around the Markdown parser, other Markup (captured blocks, partials) is
Markdown still to be parsed.
"""

from __future__ import annotations

from markupsafe import Markup

from okr_reports.common.plain_values import PLAIN


class Html(Markup):
    """Finished HTML; everything from outside was escaped when it was put in."""

    __slots__ = ()


PLAIN.add(Html)
