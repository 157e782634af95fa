"""Objectives, key results, KPIs and notes are edited in the browser; the files keep all that nobody changed."""

from __future__ import annotations

import difflib
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from babel.messages.pofile import read_po

from okr_reports import okrs, settings
from okr_reports.desk.schema_fields import Field, entry_form, types_of
from okr_reports.desk.stored import entries
from okr_reports.desk.typed_values import Style, changed, shown
from okr_reports.desk.view import CALLED, HINTS
from okr_reports.report_site.charts.data import readable
from okr_reports.report_site.formats.languages import SHIPPED
from tests.desk.test_desk import desk, mark, send
from tests.report_site.browser import chromium
from tests.support import ROOT

DEMO = ROOT / "okr_definitions"
FORMS = [
    (kind, type_)
    for kind in ("objective", "key_result", "measure", "kpi", "note")
    for type_ in types_of(kind) or (None,)
]


def copied(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    shutil.copytree(DEMO, folder / "okr_definitions")
    return folder


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = copied(tmp_path_factory.mktemp("editing"))
    with desk(folder) as address:
        yield folder, address


def form_of(address: str, page: str) -> dict[str, list[str]]:
    """Every answer of a form as a browser would send it back, but for its buttons."""
    text = requests.get(f"{address}/edit/{page}").text
    given: dict[str, list[str]] = {}
    for tag, rest in re.findall(r"<(input|select|textarea)\b([^>]*)>", text):
        name = re.search(r' name="([^"]+)"', rest)
        if name is None:
            continue
        if tag == "input" and ('type="checkbox"' not in rest or " checked" in rest):
            value = re.search(r' value="([^"]*)"', rest)
            given.setdefault(unescape(name[1]), []).append(unescape(value[1]) if value else "")
        elif tag == "textarea":
            whole = re.search(rf'<textarea[^>]* name="{re.escape(name[1])}"[^>]*>(.*?)</textarea>', text, re.DOTALL)
            given[unescape(name[1])] = [unescape(whole[1])]  # type: ignore[index]
        elif tag == "select":
            inside = text[text.index(f' name="{name[1]}"') :].partition("</select>")[0]
            chosen = re.search(r'<option value="([^"]*)" selected', inside) or re.search(
                r'<option value="([^"]*)"', inside
            )
            given[name[1]] = [unescape(chosen[1])]  # type: ignore[index]
    return given


def post(address: str, page: str, given: dict[str, list[str]], step: str) -> requests.Response:
    data = {**given, "step": [step]}
    return requests.post(
        f"{address}/edit/{page}", data=data, headers={"Origin": address}, allow_redirects=False, timeout=60
    )


def edit(address: str, page: str, step: str = "save", **answers: str) -> requests.Response:
    given = {**form_of(address, page), **{name: [text] for name, text in answers.items()}}
    return post(address, page.partition("?")[0], given, step)


def difference(folder: Path, name: str) -> list[str]:
    """The lines that a file lost and won against the demo's."""
    before, after = (
        (one / name).read_text(encoding="utf-8").splitlines() for one in (DEMO, folder / "okr_definitions")
    )
    return [line for line in difflib.ndiff(before, after) if line[:2] in ("- ", "+ ")]


def test_a_person_changes_a_target_and_adds_a_key_result_on_a_telephone(opened: tuple[Path, str]) -> None:
    folder, address = opened
    name = "objectives/2026-q4/onboarding.yml"
    with chromium() as browser:
        page = browser.new_context(viewport={"width": 390, "height": 844}, locale="es-ES").new_page()
        page.goto(address)
        page.get_by_role("link", name="Editar OKR").click()
        page.get_by_role("link", name="Como mucho 2 consultas por cliente nuevo").click()
        page.get_by_label("Objetivo", exact=True).fill("dos")
        page.get_by_label("Por qué ha cambiado").fill("Más clientes: con #dudas")
        page.get_by_role("button", name="Ver qué cambia").click()
        assert "No es un número. Por ejemplo: 2,5." in page.content()
        page.get_by_label("Objetivo", exact=True).fill("2,5")
        page.get_by_role("button", name="Ver qué cambia").click()
        assert "target 2 -&gt; 2.5" in page.content()
        assert difference(folder, name) == []
        assert Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag22aa"]}).response["violations"] == []
        page.get_by_role("button", name="Guardar").click()
        assert "Guardado." in page.content()
        assert difference(folder, name) == [
            "-         target: 2", "+         target: 2.5", '+         reason: "Más clientes: con #dudas"',
        ]  # fmt: skip
        # a new one, of a type that is chosen by what it says
        page.locator("section", has_text="Escuchar antes de mejorar").get_by_role(
            "link", name="Resultado clave nuevo"
        ).click()
        page.get_by_role("link", name="Hitos").click()
        page.get_by_label("Título", exact=True).first.fill("Guía: lista")
        page.get_by_role("button", name="Ver qué cambia").click()
        assert page.locator(".read.bad").count() == 1
        page.locator("[name='milestones.0.id']").fill("draft")
        page.locator("[name='milestones.0.due']").fill("2026-12-10")
        page.locator("[name='milestones.1.id']").fill("out")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag22aa"]}).response["violations"] == []
        page.get_by_role("button", name="Ver qué cambia").click()
        assert "added to `listen_first`" in page.content()
        page.get_by_role("button", name="Guardar").click()
    assert difference(folder, name)[3:] == [
        "+       - id: guia_lista", '+         title: "Guía: lista"', "+         type: milestones",
        "+         milestones:", "+           - {id: draft, due: 2026-12-10}", "+           - {id: out}",
    ]  # fmt: skip
    assert okrs.check(folder / "okr_definitions", today=settings.today("Europe/Madrid"))[0] is not None


def test_an_error_of_okr_check_is_beside_its_field(opened: tuple[Path, str]) -> None:
    folder, address = opened
    answer = edit(address, "key_result/spend_in_band_q4", "review", low="40000")
    assert answer.status_code == 422
    assert re.search(r'id="low-wrong" role="alert">low `40000` lies above high `32000`', answer.text)
    answer = edit(address, "kpi/webinar_spend", "review", **{"kind": "ratio"})
    assert 'id="numerator-wrong"' in answer.text
    answer = edit(address, "key_result/help_centre_open", "review", **{"milestones.1.due": "2027-12-01"})
    assert 'id="milestones-wrong"' in answer.text
    answer = edit(address, "kpi/linkedin_leads", "remove")
    assert answer.status_code == 422
    assert "`linkedin_leads` does not exist" in unescape(answer.text)
    answer = edit(address, "objective/new", "save", title="X", period="../../../x", team="../../y")
    assert (answer.status_code, 'id="period-wrong"' in answer.text) == (422, True)
    assert difference(folder, "objectives/2026-q4/paid_social.yml") == []


def test_a_form_that_is_sent_back_as_it_came_changes_nothing(opened: tuple[Path, str]) -> None:
    folder, address = opened
    for kind in ("objective", "key_result", "kpi", "note"):
        for stored in entries(folder / "okr_definitions", kind):
            entry, type_ = stored.entry or {}, (stored.entry or {}).get("type") if kind == "key_result" else None
            for percent in (False, True):
                style = Style(",", percent)
                for field in entry_form(kind, type_).fields:
                    value = entry.get(field.name)
                    assert changed(field, value, shown(field, value, style), style) is value, (entry, field)
    for page in (
        "objective/webinars_that_fill",
        "key_result/registrations_up_q4",
        "kpi/linkedin_leads",
        "measure/an_audience_of_our_own",
    ):
        assert "No ha cambiado nada." in edit(address, page, "review").text, page


def test_two_at_once_never_overwrite_each_other(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    name = "objectives/2026-q4/paid_social.yml"
    with desk(folder) as address:
        mine, theirs = form_of(address, "key_result/spend_in_band_q4"), form_of(address, "key_result/spend_in_band_q4")
        assert post(address, "key_result/spend_in_band_q4", {**theirs, "high": ["33000"]}, "save").status_code == 303
        answer = post(address, "key_result/spend_in_band_q4", {**mine, "high": ["31000"], "owner": ["Luis"]}, "save")
        assert answer.status_code == 409
        assert "Ahora hay: 33000" in answer.text
        assert 'value="31000"' in answer.text
        assert difference(folder, name) == ["-         high: 32000", "+         high: 33000"]
        # other entries of the same file, all at once
        names = ("ctr_held_q4", "creatives_tested_q4", "budget_2027_approved", "lead_rate_up_q4")
        forms = [form_of(address, f"key_result/{one}") for one in names]
        with ThreadPoolExecutor(4) as pool:
            sent = [
                pool.submit(post, address, f"key_result/{one}", {**form, "weight": ["3"]}, "save")
                for one, form in zip(names, forms, strict=True)
            ]
            assert [one.result().status_code for one in sent] == [303] * 4
    assert difference(folder, name).count("+         weight: 3") == 4


def test_an_edit_is_the_commit_of_its_person_and_of_its_file_alone(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=T", "-c", "user.email=t@t", "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    (folder / "okr_definitions" / "notes.yml").write_text("notes: []\n", encoding="utf-8")
    with desk(folder, "--commit") as address:
        given = {**form_of(address, "objective/listen_first"), "owner": ["Pau"]}
        assert post(address, "objective/listen_first", given, "save").status_code == 303
    log = subprocess.run(
        ["git", "show", "--format=%an|%s", "--name-only"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    assert (log[0], log[2:]) == (
        "okr desk|Edit objective: listen_first",
        ["okr_definitions/objectives/2026-q4/onboarding.yml", ""],
    )


def test_entries_are_made_and_taken_away(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    with desk(folder) as address:
        made = edit(address, "objective/new", title="Öfter da", period="2027-Q1", team="events", owner="Tom")
        assert made.status_code == 303
        conditions = {"where.channel.0.values": "linkedin_ads\nmeta_ads", "dedupe": "acknowledged"}
        named = {"title": "Leads neu", "kind": "flow", "measure": "leads", "unit": "count"}
        kpi = edit(address, "kpi/new", **named, **conditions)
        assert kpi.status_code == 303
        assert edit(address, "measure/listen_first?type=increase", kpi="leads_neu", target="1.200").status_code == 303
        assert edit(address, "key_result/new?objective=listen_first&type=binary", title="Weg").status_code == 303
        assert edit(address, "key_result/weg", "remove_save").status_code == 303
        note = entries(folder / "okr_definitions", "note")[0]
        assert edit(address, f"note/{note.mark}", text="Anders").status_code == 303
    definitions, findings = okrs.check(folder / "okr_definitions")
    assert definitions is not None
    assert [str(one) for one in findings if one.severity == "error"] == []
    assert definitions.objective_by_id["ofter_da"].owner == "Tom"
    assert definitions.kpi_by_id["leads_neu"].takes("meta_ads")
    assert definitions.objective_by_id["listen_first"].measure.target == 1200  # type: ignore[union-attr]
    assert "weg" not in definitions.key_result_by_id
    assert "Anders" in {one.text for one in definitions.notes}


def names_of(field: Field) -> Iterator[str]:
    yield from (field.name, *field.words)
    for one in field.fields:
        yield from names_of(one)


@pytest.mark.parametrize("language", ["de", "es", "fr", "pt"])
def test_every_key_of_the_schema_has_a_field_and_its_words(language: str) -> None:
    known = set()
    for folder in (SHIPPED, ROOT / "reports" / "translations"):
        with (folder / f"{language}.po").open("rb") as lines:
            known |= {one.id for one in read_po(lines) if one.string}
    said = set(CALLED.values()) | set(HINTS.values())
    for kind, type_ in FORMS:
        fields = entry_form(kind, type_).fields
        assert [one.name for one in fields if one.kind == "yaml"] == [], (kind, type_)
        said |= {CALLED.get(name) or readable(name) for field in fields for name in names_of(field)}
    assert said - known == set()


def test_each_change_may_go_to_a_branch_of_its_own(tmp_path: Path) -> None:
    """The folder stays as it is until somebody merges; check-ins and notes go the same way."""
    folder = copied(tmp_path / "here")
    origin = tmp_path / "origin.git"
    for command in (
        ["init", "-q", "--bare", str(origin)], ["init", "-q", "-b", "main"], ["add", "."],
        ["-c", "user.name=T", "-c", "user.email=t@t", "commit", "-qm", "a"], ["remote", "add", "origin", str(origin)],
        ["push", "-qu", "origin", "main"],
    ):  # fmt: skip
        subprocess.run(["git", *command], cwd=folder, check=True)
    with desk(folder, "--branch") as address:
        sent = edit(address, "key_result/spend_in_band_q4", high="33000")
        assert sent.status_code == 303
        assert (
            "Enviado a revisión como desk/2026-11-23-edit-key-result-spend-in-band-q4-"
            in requests.get(f"{address}/edit/key_result/{sent.headers['location']}").text
        )
        noted = send(address, "note", {"form": mark(address, "note"), "on": "kpi/linkedin_leads", "text": "Slow"})
        assert noted.status_code == 303

    def git(*command: str) -> str:
        return subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()

    assert git("status", "--porcelain", "--", "okr_definitions") == ""
    branches = git("ls-remote", "--heads", "origin", "desk/*").split()[1::2]
    assert len(branches) == 2
    git("fetch", "-q", "origin", *(f"{one}:{one}" for one in branches))
    changed_lines = [git("diff", "--unified=0", "main", one).splitlines()[-1] for one in branches]
    assert "+        high: 33000" in changed_lines
    assert any("Slow" in line for line in changed_lines)
