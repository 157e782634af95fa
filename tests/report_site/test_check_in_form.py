"""The form of a check-in on a key result's page, in a real browser: it writes what `okr check` takes."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from okr_reports.common.typed_numbers import typed_number
from okr_reports.okrs.entries import read_entry
from okr_reports.okrs.models.check_ins import CheckIn
from okr_reports.okrs.yaml_reader import read_yaml
from okr_reports.report_site.views.check_in_form import HOST_NAMES, check_in_form
from tests.report_site.browser import AXE, watched

KEY_RESULT = {
    "key_result_id": "days_down", "type": "decrease", "kpi_id": None, "owner": "Zoë", "value": 3.5, "confidence": 0.7,
}  # fmt: skip
# what each host makes of an address: the new file's place, and whether it takes its text
ADDRESSES = {
    "github": ("https://git.example/acme/okrs/new/main%231", {"filename": "okrs/check ins/{file}"}, "value"),
    "gitea": ("https://git.example/acme/okrs/_new/main%231/okrs/check%20ins", {"filename": "{file}"}, "value"),
    "forgejo": ("https://git.example/acme/okrs/_new/main%231/okrs/check%20ins", {"filename": "{file}"}, "value"),
    "gitlab": ("https://git.example/acme/okrs/-/new/main%231", {"file_name": "okrs/check ins/{file}"}, None),
    "bitbucket": ("https://git.example/acme/okrs", {}, None),
    "azure": ("https://git.example/acme/okrs", {"path": "/okrs/check ins", "version": "GBmain#1"}, None),
}


@pytest.mark.parametrize("host", sorted(HOST_NAMES))
def test_each_git_host_opens_its_new_file(host):
    """Names of branches and folders are part of an address, whatever letters they have."""
    context = {
        "today": date(2026, 11, 23), "check_in_host": host, "check_in_repository": "https://git.example/acme/okrs",
        "check_in_branch": "main#1", "check_in_folder": "okrs/check ins",
    }  # fmt: skip
    form = check_in_form(context, ",", KEY_RESULT)
    path, wanted, text = ADDRESSES[host]
    address, query = form.link.partition("?")[0], {k: v for k, [v] in parse_qs(urlsplit(form.link).query).items()}
    assert address == path
    assert form.takes_text == (text is not None)
    assert query.pop(text, form.template) == form.template
    assert query == {key: value.format(file="2026-11-23_days_down.yml") for key, value in wanted.items()}


def test_the_form_of_a_check_in_writes_what_okr_check_takes(browser, sites):
    """Its address carries the file, whose text the definitions read as it was typed; numbers by one rule."""
    note = 'Dijo: "ya"\n- sí: # {x} &amp; 100 %'
    with watched(browser, width=390, height=844) as one:
        page = one.open(sites["es"] / "key-results/onboarding_days_down/index.html")
        page.get_by_text("Registrar seguimiento").click()
        assert Axe().run(page, options=AXE).response["violations"] == []
        page.get_by_label("¿Cuánto es ahora?").fill("3,25")
        page.locator("input[name=confidence][value='70']").check()
        page.get_by_label("¿Qué ha pasado?").fill(note)
        save = page.get_by_role("link", name="Guardar en GitHub")
        address = urlsplit(save.get_attribute("href"))
        for typed, sign in (
            ("1.234", ","),
            ("1,5", ","),
            ("12.34,5.6", ","),
            ("abc", ","),
            ("-7", ","),
            ("1 234,5", ","),
        ):
            page.get_by_label("¿Cuánto es ahora?").fill(typed)
            found = re.search(r"^    value: (.*)$", page.locator("[data-yaml]").inner_text(), re.MULTILINE)
            assert (found[1] if found else None) == typed_number(typed, sign), typed
        page.get_by_label("¿Cuánto es ahora?").fill("abc")
        save.click()
        assert len(page.context.pages) == 1
        page.get_by_label("¿Qué ha pasado?").fill("ñ" * 1000)
        page.get_by_label("¿Cuánto es ahora?").fill("3")
        assert len(save.get_attribute("href")) <= 7500
        assert one.problems == []
    assert (address.scheme, address.netloc, address.path) == ("https", "github.com", "/acme/okrs/new/main")
    sent = parse_qs(address.query)
    assert re.fullmatch(r"okr_definitions/check_ins/\d{4}-\d\d-\d\d_onboarding_days_down\.yml", sent["filename"][0])
    content, findings = read_yaml(sent["value"][0].encode(), "form.yml")
    assert findings == []
    check_in, findings = read_entry(CheckIn, content["check_ins"][0], "form.yml", 2)
    assert findings == []
    assert (check_in.key_result, float(check_in.value), check_in.confidence) == ("onboarding_days_down", 3.25, 0.7)
    assert check_in.note == note


def test_without_the_script_the_check_in_is_a_text_with_gaps(browser, sites):
    with watched(browser, java_script_enabled=False) as one:
        page = one.open(sites["es"] / "key-results/guide_published/index.html")
        page.get_by_text("Registrar seguimiento").click()
        assert "done: " in page.locator("[data-yaml]").inner_text()
        sent = parse_qs(urlsplit(page.get_by_role("link", name="Guardar en GitHub").get_attribute("href")).query)
        assert "key_result: guide_published" in sent["value"][0]
        assert not page.get_by_label("¿Qué ha pasado?").is_visible()
