"""Answers of forms as Google's and Microsoft's hand them out become check-ins; a bad row is a warning, never a stop."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from okr_reports import okrs
from okr_reports.channels.files.answers import fetch_form, read_form
from okr_reports.common.form_answers import FormSource
from okr_reports.errors import ChannelError
from tests.channels.test_published import Sheet, published  # noqa: F401
from tests.okrs.conftest import TODAY, Folder

FORM = """check_in_sources:
- id: weekly
  path: answers.csv
  date: Timestamp
  key_result: Which key result?
  author: Email Address
  confidence: How sure are you?
  note: What happened?
  next: What is next?
  value: The value now
"""
HEAD = "Timestamp,Email Address,Which key result?,How sure are you?,What happened?,What is next?,The value now\n"


def check(folder: Folder) -> tuple[list[Any], list[str]]:
    definitions, findings = okrs.check(
        folder.path, today=TODAY, answers=partial(read_form, copies=folder.path.parent / "forms")
    )
    assert definitions is not None, findings
    return definitions.check_ins, [str(one).replace(f"{folder.path}/", "") for one in findings]


def answered(folder: Folder, rows: str, head: str = HEAD, form: str = FORM) -> tuple[list[Any], list[str]]:
    folder.write("forms.yml", form)
    folder.write("answers.csv", head + rows)
    return check(folder)


def test_each_row_is_a_check_in_with_who_answered(folder: Folder) -> None:
    check_ins, findings = answered(
        folder,
        '2026/11/02 9:03:22 AM GMT+1,ana@example.com,base_days,70 %,"Two lines,\none answer",Ask Luis,"3,5"\n'
        '2026/11/09 9:00:00 AM GMT+1,eva@example.com,Days,8/10,,More,"2,5"\n',
    )
    assert findings == []
    assert [(str(one.date), one.key_result, one.author, one.confidence, one.value) for one in check_ins] == [
        ("2026-11-02", "base_days", "ana@example.com", 0.7, Decimal("3.5")),
        ("2026-11-09", "base_days", "eva@example.com", 0.8, Decimal("2.5")),
    ]
    assert check_ins[0].note == "Two lines,\none answer"
    assert check_ins[0].place.path.endswith("answers.csv")
    assert check_ins[1].place.line == 4


@pytest.mark.parametrize(
    ("written", "share"),
    [("70 %", 0.7), ("70%", 0.7), ("0,7", 0.7), ("0.7", 0.7), ("7/10", 0.7), ("7 out of 10", 0.7), ("100 %", 1.0),
     ("3/5", 0.6), ("0", 0.0), ("7", None), ("70", 0.7), ("1", None), ("high", None), ("11/10", None),
     ("170 %", None), ("-0.2", None), ("7/0", None)],
)  # fmt: skip
def test_confidence_is_a_share_or_is_asked_about(folder: Folder, written: str, share: float | None) -> None:
    [check_in], findings = answered(folder, f'2026-11-02,Ana,base_days,"{written}",Note,,\n')
    assert check_in.confidence == share
    assert len(findings) == (share is None)
    assert share is not None or f"the confidence {written!r}" in findings[0]


def test_a_scale_is_declared_and_a_one_among_shares_is_all(folder: Folder) -> None:
    form = FORM.replace("How sure are you?", "{column: How sure are you?, out_of: 10}")
    check_ins, findings = answered(folder, "2026-11-02,A,base_days,7,,,\n2026-11-03,A,base_days,1,,,\n", form=form)
    assert ([one.confidence for one in check_ins], findings) == ([0.7, 0.1], [])
    check_ins, findings = answered(folder, "2026-11-02,A,base_days,70,,,\n2026-11-03,A,base_days,5,,,\n")
    assert ([one.confidence for one in check_ins], findings) == ([0.7, 0.05], [])
    check_ins, findings = answered(folder, "2026-11-02,A,base_days,0.5,,,\n2026-11-03,A,base_days,1,,,\n")
    assert ([one.confidence for one in check_ins], findings) == ([0.5, 1.0], [])


def test_one_column_of_values_serves_every_type(folder: Folder) -> None:
    rows = 'base_steps,,,,"one, two"', "base_done,,,,Sí", "base_grade,,,,60 %", 'base_days,,,,"1.234,5"'
    check_ins, findings = answered(folder, "".join(f"2026-11-02,Ana,{row}\n" for row in rows))
    assert findings == []
    assert [(one.done, one.met, one.grade, one.value) for one in check_ins] == [
        (["one", "two"], None, None, None), ([], True, None, None), ([], None, 0.6, None),
        ([], None, None, Decimal("1234.5")),
    ]  # fmt: skip


def test_bad_rows_are_said_and_the_others_count(folder: Folder) -> None:
    check_ins, findings = answered(
        folder,
        "2026-11-02,Ana,base_dayz,,Note,,\nsoon,Ana,base_days,,Note,,\n,Ana,base_days,,Note,,\n2026-11-03,Ana,,,Note,,\n"
        "2026-11-04,Ana,base_days,,,,\n2026-11-05,Ana,base_done,,Note,,perhaps\n2026-11-06,Ana,base_days,,Good,,\n"
        "2026-11-07,Ana,base_steps,,Kept,,three\n2026-11-08,Ana,base_days,,A,,lots\n\n,,,,,,\n",
    )
    assert [one.note for one in check_ins] == ["Note", "Good", "Kept", "A"]
    assert [finding.split(": warning: ")[0] for finding in sorted(findings)] == [
        f"answers.csv:{line}" for line in (10, 2, 3, 4, 5, 6, 7, 9)
    ]
    said = " | ".join(findings)
    for words in (
        "`base_dayz` does not exist; did you mean `base_days`?", "its date 'soon' is no day", "it has no date",
        "names no key result", "the check-in says nothing", "met or not", "`three` is no milestone", "is no number",
    ):  # fmt: skip
        assert words in said


@pytest.mark.parametrize(
    ("days", "read"),
    [
        (["13/10/2026", "02/11/2026"], ["2026-10-13", "2026-11-02"]),
        (["10/13/2026", "11/2/2026"], ["2026-10-13", "2026-11-02"]),
        # one reading lies ahead of today
        (["11/12/2026 10:00:00"], ["2026-11-12"]),
        # answers come in the order of time
        (["01/10/2026", "05/10/2026", "01/11/2026"], ["2026-10-01", "2026-10-05", "2026-11-01"]),
        (["05/05/2026"], ["2026-05-05"]),
        (["2.11.2026 09:00"], ["2026-11-02"]),
        (["03/04/2026"], []),
    ],
)
def test_the_order_of_day_and_month_is_proved_or_asked(folder: Folder, days: list[str], read: list[str]) -> None:
    check_ins, findings = answered(folder, "".join(f"{day},Ana,base_days,,Note,,\n" for day in days))
    assert [str(one.date) for one in check_ins] == read
    assert read or "declare `date_format" in " ".join(findings)
    if not read:
        form = FORM + '  date_format: "%d/%m/%Y"\n'
        assert [str(one.date) for one in answered(folder, "03/04/2026,Ana,base_days,,N,,\n", form=form)[0]] == [
            "2026-04-03"
        ]


def test_of_one_day_the_later_answer_and_above_all_the_written_check_in_counts(folder: Folder) -> None:
    folder.write("own.yml", "check_ins:\n- {date: 2026-11-02, key_result: base_days, value: 1}\n")
    check_ins, _ = answered(folder, "2026-11-02 12:00:00,B,base_days,,,,3\n2026-11-02 09:00:00,A,base_days,,,,4\n")
    assert [one.value for one in check_ins] == [4, 3, 1]


def test_a_title_that_comes_back_each_quarter_is_that_of_the_day(folder: Folder) -> None:
    for name, period in (("early", "2026-Q3"), ("late", "2026-Q4")):
        folder.write(
            f"{name}.yml",
            f"objectives:\n- id: {name}\n  title: T\n  period: {period}\n  team: paid_social\n  key_results: "
            f"[{{id: kr_{name}, title: {{en: Ship it, es: Entregar}}, type: binary}}]\n",
        )
    check_ins, findings = answered(
        folder, "2026-11-02,A,ship  IT,,N,,\n2026-08-02,A,entregar,,N,,\n2025-08-02,A,Ship it,,N,,\n"
    )
    assert [one.key_result for one in check_ins] == ["kr_early", "kr_late"]
    assert "2 key results are called `Ship it`; let the form offer their ids: kr_early, kr_late" in " ".join(findings)


def test_the_workbook_of_a_microsoft_form_is_read_too(folder: Folder) -> None:
    from datetime import datetime

    with xlsxwriter.Workbook(str(folder.path / "answers.xlsx")) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "m/d/yy hh:mm"})
        sheet.write_row(0, 0, HEAD.strip().split(","))
        sheet.write_datetime(1, 0, datetime(2026, 11, 2, 9, 30), day)
        sheet.write_row(1, 1, ["Ana", "base_days", 0.7, "Note", "Next", 3.5])
    folder.write("forms.yml", FORM.replace("answers.csv", "answers.xlsx"))
    [check_in], findings = check(folder)
    assert findings == []
    assert (str(check_in.date), check_in.confidence, check_in.value) == ("2026-11-02", 0.7, Decimal("3.5"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no file of answers is there"),
        (b"", "is empty"),
        (b"When,Who\n2026-11-02,Ana\n", "has no columns 'Timestamp' and 'Which key result?'"),
        (b"PK\x03\x04 no zip", "is not a readable archive"),
        (
            HEAD.encode() + b'2026-11-02,"never closed,base_days,,Note,,\n',
            "opens a quotation mark that is never closed",
        ),
        (HEAD.encode() + b"2026-11-02,A,base_days,,\x00,,\n", "holds a NUL"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_warning(folder: Folder, content: bytes | None, said: str) -> None:
    folder.write("forms.yml", FORM)
    if content is not None:
        folder.write("answers.csv", content)
    check_ins, findings = check(folder)
    assert check_ins == []
    assert said in " ".join(findings)
    assert all(": warning: " in finding for finding in findings)


def test_a_flood_of_mistakes_is_said_in_few_lines(folder: Folder) -> None:
    _, findings = answered(folder, "".join(f"2026-11-02,A,kr_{at},,Note,,\n" for at in range(5_000)))
    assert len(findings) == 21
    assert "4980 more answers of this form have mistakes" in " ".join(findings)


def test_a_published_form_is_fetched_and_its_last_copy_stays(folder: Folder, published: Sheet, tmp_path: Path) -> None:  # noqa: F811
    folder.write("forms.yml", FORM.replace("answers.csv", "https://docs.google.com/pub?output=csv"))
    published.body = (HEAD + "2026-11-02,Ana,base_days,,Note,,3\n").encode()
    _, findings = check(folder)
    assert "its answers were not fetched yet; run `okr refresh`" in findings[0]
    definitions = folder.good()
    [form] = definitions.check_in_sources
    from dataclasses import replace

    copies = folder.path.parent / "forms"
    here = FormSource(replace(form.files, address=published.address), form.columns)
    fetch_form(here, copies)
    [check_in], findings = check(folder)
    assert (check_in.value, findings) == (3, [])
    published.location = "https://elsewhere.example/answers"
    with pytest.raises(ChannelError):
        fetch_form(here, copies)
    [check_in], findings = check(folder)
    assert (check_in.value, len(findings)) == (3, 1)
    assert "could not be fetched; the answers fetched before count" in findings[0]
