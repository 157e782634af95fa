"""Every locale of CLDR is one to write in the settings; anything else is refused with what to do."""

import pytest
from babel.localedata import locale_identifiers

from okr_reports.common.locales import known_locale


@pytest.mark.parametrize(
    "code", ["es-ES", "fr-FR", "de-DE", "pt-BR", "ca-ES", "pt_PT", "zh-Hant-TW", "sr-Latn-RS", "ja"]
)
def test_a_locale_of_cldr_passes(folder, code):
    folder.write("base.yml", f"settings: {{locale: {code}}}\n")
    assert [finding for finding in folder.findings() if "locale" in finding] == []


def test_every_locale_that_babel_has_is_known():
    unknown = [code for code in locale_identifiers() if code != "root" and known_locale(code.replace("_", "-")) is None]
    assert unknown == []


@pytest.mark.parametrize("code", ["xx-YY", "es-ZZ", "espanol", "es-", "es-ES-x", "7"])
def test_what_is_no_locale_is_refused_with_what_to_do(folder, code):
    folder.write("base.yml", f"settings: {{locale: {code}}}\n")
    found = [finding for finding in folder.findings() if "not a locale" in finding]
    assert len(found) == 1
    assert ": error: " in found[0]
    assert "such as es-ES" in found[0]
