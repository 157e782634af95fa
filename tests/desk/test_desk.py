"""`okr desk`: people who know neither git nor YAML check in from a telephone, and nobody else writes anything."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe

from okr_reports import okrs
from okr_reports.common.typed_numbers import typed_number
from tests.okrs.conftest import BASE
from tests.report_site.browser import chromium
from tests.support import OKR

TODAY = "2026-11-23"
SAID = """\
check_ins:
- {date: 2026-11-16, key_result: base_days, author: Ana, confidence: 0.7, value: 3.5, next: Call Pau}
"""


@contextmanager
def desk(folder: Path, *options: str) -> Iterator[str]:
    """The address of a desk over `folder/okr_definitions`."""
    command = [OKR, "desk", "--port", "0", *options]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, env={"OKR_TODAY": TODAY, "PATH": "/usr/bin:/bin"}
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[0].rstrip("/")
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


def workspace(folder: Path) -> Path:
    definitions = folder / "okr_definitions"
    definitions.mkdir()
    (definitions / "base.yml").write_text(BASE, encoding="utf-8")
    (definitions / "said.yml").write_text(SAID, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = workspace(tmp_path_factory.mktemp("desk"))
    with desk(folder) as address:
        yield folder, address


def written(folder: Path) -> dict[str, str]:
    found = (folder / "okr_definitions").glob("*/*.yml")
    return {f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8") for path in found}


def mark(address: str, page: str = "check-in/base_done", **headers: str) -> str:
    answer = requests.get(f"{address}/{page}", headers=headers)
    return re.search(r'name="form" value="([^"]+)"', answer.text)[1]  # type: ignore[index]


def send(address: str, page: str, data: dict[str, str], **headers: str) -> requests.Response:
    return requests.post(
        f"{address}/{page}", data=data, headers={"Origin": address, **headers}, allow_redirects=False, timeout=30
    )


def test_a_person_checks_in_on_a_telephone(opened: tuple[Path, str]) -> None:
    folder, address = opened
    with chromium() as browser:
        page = browser.new_context(viewport={"width": 390, "height": 844}, locale="es-ES").new_page()
        problems: list[str] = []
        page.on("console", lambda message: message.type == "error" and problems.append(message.text))
        page.goto(address)
        page.get_by_role("link", name="Days").click()
        assert page.get_by_label("¿Cuánto es ahora?").input_value() == "3,5"
        assert "Call Pau" in page.content()
        page.get_by_label("¿Cuánto es ahora?").fill("abc")
        page.get_by_role("button", name="Guardar").click()
        assert "No es un número. Por ejemplo: 2,5." in page.content()
        assert not any("base_days" in name for name in written(folder))
        page.get_by_label("¿Cuánto es ahora?").fill("2,75")
        page.locator("input[name=confidence][value='90']").check()
        page.locator("input[name=previous_next][value=done]").check()
        page.get_by_label("¿Qué ha pasado?").fill('Dijo: "ya"\n- sí: # {x}')
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag22aa"]}).response["violations"] == []
        page.get_by_role("button", name="Guardar").click()
        assert "Guardado." in page.content()
        # the refused form is an answer 422, which the browser logs
        assert [one for one in problems if "422" not in one] == []
    definitions, findings = okrs.check(folder / "okr_definitions")
    assert findings == []
    assert definitions is not None
    check_in = next(one for one in definitions.check_ins if str(one.date) == TODAY and one.key_result == "base_days")
    assert (float(check_in.value or 0), check_in.confidence, check_in.previous_next) == (2.75, 0.9, "done")
    assert check_in.note == 'Dijo: "ya"\n- sí: # {x}'


def test_only_a_form_of_the_desk_writes_and_only_once(opened: tuple[Path, str]) -> None:
    folder, address = opened
    before = written(folder)
    data = {"form": mark(address), "met": "true", "author": "Ana"}
    assert requests.post(f"{address}/check-in/base_done", data=data).status_code == 403
    assert send(address, "check-in/base_done", data, Origin="https://evil.example").status_code == 403
    other = "1" if data["form"].endswith("0") else "0"
    assert send(address, "check-in/base_done", {**data, "form": data["form"][:-1] + other}).status_code == 403
    assert send(address, "check-in/base_done", {**data, "form": "9999999999.x.y"}).status_code == 403
    assert send(address, "check-in/base_done", {**data, "note": "x" * 20_000}).status_code == 413
    assert send(address, "check-in/nothing", {**data, "form": mark(address)}).status_code == 404
    assert requests.get(address, headers={"Host": "evil.example"}).status_code == 403
    assert written(folder) == before
    assert send(address, "check-in/base_done", data).status_code == 303
    assert send(address, "check-in/base_done", data).status_code == 409
    assert set(written(folder)) - set(before) == {f"check_ins/{TODAY}_base_done.yml"}


def test_nobody_sends_more_than_thirty_forms_a_minute(tmp_path: Path) -> None:
    with desk(workspace(tmp_path)) as address:
        answers = [send(address, "note", {"form": "9.x.y"}) for _ in range(31)]
        assert [one.status_code for one in answers] == [403] * 30 + [429]
        assert answers[-1].headers["Retry-After"] == "60"


def test_two_at_once_become_two_files(opened: tuple[Path, str]) -> None:
    folder, address = opened
    before = written(folder)
    marks = [mark(address, "check-in/base_grade") for _ in range(6)]

    def grade(number: int) -> int:
        data = {"form": marks[number], "grade": "75", "author": f"P{number}"}
        return send(address, "check-in/base_grade", data).status_code

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(grade, range(6))) == [303] * 6
    new = {name: text for name, text in written(folder).items() if name not in before}
    assert sorted(re.search(r'author: "(P\d)"', text)[1] for text in new.values()) == [f"P{n}" for n in range(6)]  # type: ignore[index]


def test_the_form_takes_the_evidence_that_is_needed(tmp_path: Path) -> None:
    folder = workspace(tmp_path)
    with desk(folder) as address:
        assert "5 users" in requests.get(f"{address}/check-in/base_grade").text
        assert 'name="evidence"' not in requests.get(f"{address}/check-in/base_done").text
        data = {"form": mark(address, "check-in/base_grade"), "grade": "50", "evidence": "drei"}
        assert "`drei`" in send(address, "check-in/base_grade", data).text
        data = {"form": mark(address, "check-in/base_grade"), "grade": "50", "evidence": " 3 "}
        assert send(address, "check-in/base_grade", data).status_code == 303
    definitions, findings = okrs.check(folder / "okr_definitions")
    assert findings == []
    assert definitions is not None
    assert next(one for one in definitions.check_ins if str(one.date) == TODAY).evidence == 3


def test_a_note_says_what_it_is_about(opened: tuple[Path, str]) -> None:
    folder, address = opened
    data = {"form": mark(address, "note"), "on": "kpi/leads", "text": "Tracking was down: six hours"}
    assert send(address, "note", data).status_code == 303
    refused = send(address, "note", {"form": mark(address, "note"), "on": "kpi/nothing", "text": "x"})
    assert refused.status_code == 422
    definitions, findings = okrs.check(folder / "okr_definitions")
    assert findings == []
    assert [(one.on, one.text) for one in definitions.notes] == [(("kpi", "leads"), "Tracking was down: six hours")]  # type: ignore[union-attr]


def test_behind_a_login_the_proxy_says_who_and_the_commit_is_theirs(tmp_path: Path) -> None:
    folder = workspace(tmp_path)
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=T", "-c", "user.email=t@t", "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    with desk(folder, "--person-header", "X-User", "--commit") as address:
        assert requests.get(address).status_code == 403
        # as a proxy sends it: bytes of UTF-8
        who = {"X-User": "Inés Ö".encode()}
        form = re.search(
            r'name="form" value="([^"]+)"', requests.get(f"{address}/check-in/base_done", headers=who).text
        )[1]  # type: ignore[index]
        data = {"form": form, "met": "true", "author": "Eva"}
        stolen = requests.post(f"{address}/check-in/base_done", data=data, headers={"Origin": address, "X-User": "Eva"})
        assert stolen.status_code == 403
        done = requests.post(
            f"{address}/check-in/base_done", data=data, headers={"Origin": address, **who}, allow_redirects=False
        )
        assert done.status_code == 303
    log = subprocess.run(
        ["git", "log", "-1", "--format=%an|%s", "--name-only"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    assert log[0] == "Inés Ö|Check-in: base_done"
    assert log[2] == f"okr_definitions/check_ins/{TODAY}_base_done.yml"
    assert 'author: "Inés Ö"' in written(folder)[f"check_ins/{TODAY}_base_done.yml"]


def test_others_reach_it_only_behind_a_login(tmp_path: Path) -> None:
    folder = workspace(tmp_path)
    answer = subprocess.run(
        [OKR, "desk", "--host", "0.0.0.0", "--port", "0"], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert answer.returncode == 1
    assert "--person-header" in answer.stderr


@pytest.mark.parametrize(
    ("text", "spanish", "english"),
    [
        ("3,2", "3.2", "3.2"), ("3.2", "3.2", "3.2"), ("1.234,5", "1234.5", "1234.5"), ("1 234,5", "1234.5", "1234.5"),
        ("1.234", "1234", "1.234"), ("1,234", "1.234", "1234"), ("0,125", "0.125", "0.125"),
        ("0.125", "0.125", "0.125"),
        ("1.234.567", "1234567", "1234567"), ("-5", "-5", "-5"), ("+5", "5", "5"), ("1.2.3", None, None),
        ("12,", None, None), ("abc", None, None), ("", None, None), ("5 %", None, None), ("1,2345", "1.2345", "1.2345"),
        ("12.34,5.6", None, None), ("1'234.5", "1234.5", "1234.5"), ("\u0663", None, None),
    ],
)  # fmt: skip
def test_numbers_as_people_type_them(text: str, spanish: str | None, english: str | None) -> None:
    assert (typed_number(text, ","), typed_number(text, ".")) == (spanish, english)


def test_a_percentage_may_leave_its_sign_out() -> None:
    assert [typed_number(text, ",", percent=True) for text in ("60", "60 %", "12,5 %")] == ["60%", "60%", "12.5%"]
