"""Mail templates see plain values alone."""

from __future__ import annotations

import pytest
from jinja2.exceptions import SecurityError, UndefinedError

from okr_reports.deliveries.digest import compose
from okr_reports.deliveries.templating import environment, rendered
from tests.template_walk import watched


def test_nothing_that_mail_templates_reach_is_outside_of_the_list(okr_copy, monkeypatch):
    with watched(monkeypatch) as found:
        assert compose(okr_copy)
        written = {"kind": "page", "name": "x", "content_type": "", "salt": "", "iterations": 1, "format": "1"}
        rendered("locked.html.j2", "es", **written, address="x", release="r", sealed="")
    assert {name: ways for name, ways in found.items() if ways} == {}
    assert set(found) >= {"digest.html.j2", "digest.txt.j2", "digest_brief.txt.j2", "locked.html.j2"}


@pytest.mark.parametrize("way", ["__class__", "__init__.__globals__", "__reduce__()", "_fields", "joinpath('x')"])
def test_what_a_mail_shows_has_no_way_out(way, okr_copy):
    values = {"view": "a text", "made": {"a": 1}}
    for name in values:
        with pytest.raises((SecurityError, UndefinedError)):
            environment().from_string("{{ " + f"{name}.{way}" + " }}").render(values)
