"""`write_check_in`: a new file that reads back as given, or a reason and no file."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okr_reports.errors import OkrError
from okr_reports.okrs.check_in import write_check_in

DAY = date(2026, 11, 20)


def write(folder, key_result="base_days", **answers):
    given = {"author": "Ana", "confidence": 0.7, "note": "n", "next": None, "date": DAY, **answers}
    return write_check_in(folder.path, folder.good(), key_result=key_result, **given)


def files(folder) -> list[str]:
    return sorted(path.name for path in (folder.path / "check_ins").glob("*"))


@pytest.mark.parametrize(
    ("key_result", "answers", "expected"),
    [
        ("base_days", {"value": "3.5", "confidence": "70%"}, {"value": Decimal("3.5"), "confidence": 0.7}),
        ("base_days", {"value": 4}, {"value": Decimal(4)}),
        ("base_days", {"value": Decimal("0.1")}, {"value": Decimal("0.1")}),
        ("base_steps", {"done": ["one", "two"]}, {"done": ["one", "two"]}),
        ("base_steps", {"done": []}, {"done": []}),
        ("base_done", {"met": False}, {"met": False}),
        ("base_grade", {"grade": "60 %"}, {"grade": 0.6}),
        ("base_grade", {"grade": 0}, {"grade": 0.0}),
        ("base_grade", {"evidence": " 3 "}, {"evidence": 3}),
        ("base_grade", {"evidence": 0}, {"evidence": 0}),
        ("base_days", {"confidence": None, "next": "Call Pau"}, {"confidence": None, "next": "Call Pau"}),
    ],
)
def test_what_was_said_is_read_again(folder, key_result, answers, expected):
    path = write(folder, key_result, **answers)
    assert path == folder.path / "check_ins" / f"2026-11-20_{key_result}.yml"
    assert folder.findings() == []
    (check_in,) = folder.good().check_ins
    assert (check_in.key_result, check_in.date, check_in.author) == (key_result, DAY, "Ana")
    assert {name: getattr(check_in, name) for name in expected} == expected


def test_the_file_is_one_a_person_would_write(folder):
    text = write(folder, value="3.5", note='Signed by "all"', next="Wait: then call").read_text(encoding="utf-8")
    assert text == (
        "# yaml-language-server: $schema=../okr.schema.json\n"
        "check_ins:\n"
        "  - date: 2026-11-20\n"
        "    key_result: base_days\n"
        '    author: "Ana"\n'
        "    confidence: 0.7\n"
        '    note: "Signed by \\"all\\""\n'
        '    next: "Wait: then call"\n'
        "    value: 3.5\n"
    )


def test_nothing_is_ever_overwritten_and_the_last_one_counts(folder):
    for value in range(12, 0, -1):
        write(folder, value=value)
    assert len(files(folder)) == 12
    assert files(folder)[0] == "2026-11-20_base_days.yml"
    assert [check_in.value for check_in in folder.good().check_ins] == list(range(12, 0, -1))


def test_a_check_in_that_would_not_count_is_refused(folder):
    folder.write("later.yml", "check_ins:\n- {date: 2026-11-20, key_result: base_days, value: 3}\n")
    with pytest.raises(OkrError, match=r"a check-in of 2026-11-20 stands at .*later\.yml:2 and would count instead"):
        write(folder, value=2)
    assert files(folder) == []


@pytest.mark.parametrize(
    ("key_result", "answers", "said"),
    [
        ("base_dayz", {}, "the key result `base_dayz` does not exist; did you mean `base_days`?"),
        ("../../etc/passwd", {}, "does not exist"),
        ("base_days", {"value": "three"}, "value: the text `three` stands where a number belongs"),
        ("base_days", {"value": "nan"}, "value: the text `nan` stands where a number belongs"),
        ("base_days", {"value": float("nan")}, "stands where a number belongs"),
        ("base_days", {"value": "20%"}, "not counted in percent"),
        ("base_days", {"met": True}, "met: `base_days` is decrease"),
        ("base_done", {"value": 1}, "use `met`"),
        ("base_steps", {"done": ["three"]}, "`base_steps` has no milestone `three`"),
        ("base_steps", {"done": ["'; drop"]}, "is not an id"),
        ("base_grade", {"grade": 7}, "`7` is not between 0 and 1"),
        ("base_grade", {"evidence": "three"}, "the text `three` stands where a whole number belongs"),
        ("base_grade", {"evidence": -1}, "the number `-1` stands where a whole number belongs"),
        ("base_grade", {"evidence": 2.5}, "the number `2.5` stands where a whole number belongs"),
        ("base_days", {"confidence": "high"}, "confidence: the text `high` stands where a number belongs"),
        ("base_days", {"confidence": None, "note": ""}, "the check-in says nothing"),
        ("base_days", {"note": "a\x1b[31mb"}, "the control character U+001B"),
        ("base_days", {"author": "Ana\nBcc: x"}, "author: this text has several lines"),
        ("base_days", {"date": date(1926, 11, 20)}, "the year 1926 is not plausible"),
    ],
)
def test_what_the_key_result_cannot_hear_is_refused_and_nothing_written(folder, key_result, answers, said):
    with pytest.raises(OkrError) as raised:
        write(folder, key_result, **answers)
    assert said in str(raised.value)
    assert files(folder) == []


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_note_reads_back_or_is_refused(folder, note):
    for path in (folder.path / "check_ins").glob("*"):
        path.unlink()
    meant = note.replace("\r\n", "\n").strip()
    if re.search(r"[^\n\t -~\xa0-\u2027\u202a-\U0010ffff]", meant):
        with pytest.raises(OkrError, match="control character"):
            write(folder, note=note)
        assert not files(folder)
    else:
        write(folder, note=note)
        assert folder.good().check_ins[0].note == (meant or None)
