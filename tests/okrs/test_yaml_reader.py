"""Scalars of YAML 1.2, lines of everything, and what is not read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from okr_reports.okrs.yaml_reader import read_yaml


def read(text: str | bytes):
    content, findings = read_yaml(text.encode() if isinstance(text, str) else text, "f.yml")
    assert findings == []
    return content


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("012", 12),
        ("-7", -7),
        ("0o14", 12),
        ("0xFF", 255),
        ("12:30", "12:30"),
        ("1e3", Decimal(1000)),
        ("0.1", Decimal("0.1")),
        (".5", Decimal("0.5")),
        ("3.", Decimal(3)),
        ("1_000", "1_000"),
        ("2026-09-30", "2026-09-30"),
        ("20%", "20%"),
        ("~", None),
        ("", None),
        ("null", None),
        ("nUll", "nUll"),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("'12'", "12"),
        ('"no"', "no"),
        ("=", "="),
        ("9" * 41, "9" * 41),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says(written, meant):
    value = read(f"a: {written}\n")["a"]
    assert value == meant
    assert type(value) is type(meant)


def test_infinity_and_nan_stay_numbers_for_the_fields_to_refuse():
    assert read("a: -.inf\n")["a"] == Decimal("-Infinity")
    assert read("a: .NaN\n")["a"].is_nan()


def test_keys_are_words_whatever_they_look_like():
    assert dict(read("{no: 1, 012: 2, 2026-07-31: 3, true: 4}")) == {"no": 1, "012": 2, "2026-07-31": 3, "true": 4}


def test_every_key_and_item_knows_its_line():
    content = read("# a comment\nteams:\n- id: one\n\n  title: One\n- {id: two,\n   title: Two}\n")
    teams = content["teams"]
    assert content.lines == {"teams": 2}
    assert teams.lines == [3, 6]
    assert teams[0].lines == {"id": 3, "title": 5}
    assert teams[1].lines == {"id": 6, "title": 7}


def test_a_byte_order_mark_and_windows_line_ends_are_tolerated():
    content = read(b"\xef\xbb\xbfteams:\r\n- id: one\r\n  title: A\xc3\xb1o\r\n")
    assert content["teams"][0] == {"id": "one", "title": "Año"}
    assert content["teams"][0].lines["title"] == 3


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\ufeff"])
def test_an_empty_file_is_no_mistake(text):
    assert read(text) is None


def test_all_duplicate_keys_of_a_file_are_found_and_the_first_stays():
    content, findings = read_yaml(b"a: 1\na: 2\nb: {c: 1, c: 2}\n", "f.yml")
    assert content == {"a": 1, "b": {"c": 1}}
    assert [(finding.line, finding.severity) for finding in findings] == [(2, "error"), (3, "error")]


def test_a_control_character_in_a_key_is_shown_escaped():
    _, findings = read_yaml(b'"\\e[31m": 1\n"\\e[31m": 2\n', "f.yml")
    assert "\x1b" not in findings[0].what
    assert "\\x1b" in findings[0].what
