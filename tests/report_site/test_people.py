"""A person's page: what they own and work on, what it moves, what waits; whatever the name is."""

from __future__ import annotations

import re

import pytest

from okr_reports.common.folder_names import RESERVED, person_id
from tests.report_site.conftest import REPORTS
from tests.report_site.test_site import text_of

PAGES = {
    str(path.relative_to(REPORTS)): path.read_text(encoding="utf-8")
    for path in (*(REPORTS / "components").glob("*"), *(REPORTS / "partials").glob("*"),
                 *(REPORTS / "pages" / "people").glob("*"), REPORTS / "pages" / "key-results" / "[id].md")
}  # fmt: skip


@pytest.mark.parametrize("name", ["Ana", "ana", " ANA ", "\uff21na"])
def test_spellings_of_one_name_are_one_person(name):
    assert person_id(name) == "ana"


NAMES = [
    "Inés", "Ines", "Ine\u0301s Area", "王伟", "王", "../../etc", "a/b", "a\\b", "CON", "nul", ".", "..", "", "-",
    "<img src=x onerror=alert(1)>", "{{ 7*7 }}", "x" * 300, "x" * 301, "\u202egpj.exe", "\ud800", "a\x00b",
    "index", "O'Brien", "O-Brien", "o brien",
]  # fmt: skip


def test_hostile_names_are_safe_folders_of_their_own():
    made = [person_id(name) for name in NAMES]
    assert len({one.lower() for one in made}) == len(NAMES)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,79}", one) and one not in RESERVED for one in made)
    # what a marts' column holds and what a link is made of are one and the same
    assert [person_id(one) for one in made] == made


@pytest.fixture
def site(build, changed):
    """Builds the pages over the snapshot with the key results of one objective given to people."""

    def make(*statements: str):
        return build(PAGES, over=changed(*statements))

    return make


def given(name: str, key_result: str, role: str = "owner") -> list[str]:
    text = name.replace("'", "''")
    person = person_id(name)
    return [
        f"delete from key_result_people where key_result_id = '{key_result}' and role = '{role}'",
        f"insert into key_result_people values ('{key_result}', '{role}', 1, '{text}', '{person}')",
        f"insert into dim_person select '{text}', '{person}', '{text}' "
        f"where '{text}' not in (select name from dim_person)",
        *([f"update key_results set owner = '{text}' where key_result_id = '{key_result}'"] if role == "owner" else []),
    ]


@pytest.mark.parametrize("name", ['Zoë "<b>" O\'Brien', "a/../b, c", "{{ 7*7 }} ${params.id}"])
def test_every_name_leads_to_its_page_and_back(site, name):
    page = site(*given(name, "linkedin_leads_up"), *given(name, "guest_posts", "contributor"))
    folder = person_id(name)
    said = text_of(page(f"people/{folder}/index.html"))
    for word in (name, "owns 1 key result", "works on 1"):
        assert word in said
    for key_result in ("linkedin_leads_up", "guest_posts"):
        assert f'href="../../people/{folder}/index.html"' in page(f"key-results/{key_result}/index.html")
        assert f'href="../../key-results/{key_result}/index.html"' in page(f"people/{folder}/index.html")
    assert f'href="../people/{folder}/index.html"' in page("people/index.html")


def test_what_it_moves_is_its_part_of_the_weight(site):
    """Weight 3 of 3 + 1: three quarters of the objective; of the company's, an n-th of that."""
    html = site(
        *given("Zoë", "guest_posts"),
        "update key_results set weight = 0 where objective_id = 'content_people_share'",
        "update key_results set weight = 3, score = 0.4 where key_result_id = 'guest_posts'",
        "update key_results set weight = 1, score = null where key_result_id = 'article_quality'",
        "update objectives set parent = 'grow_pipeline' where objective_id = 'content_people_share'",
        "update objectives set parent = null where objective_id <> 'content_people_share'",
    )(f"people/{person_id('Zoë')}/index.html")
    row = re.search(
        r"Publish three to five guest posts</a>.*?</tr>", html[html.index('id="what-it-moves"') :], re.DOTALL
    )
    assert re.findall(r">(\d+) ?%<", row[0].replace("\u00a0", "")) == ["75", "40", "38"]


def test_what_waits_is_the_persons_own(site):
    html = site(
        "update key_results set check_in_is_stale = false, disagreement = null",
        "delete from key_result_milestones",
        *given("Zoë", "guest_posts"),
        "update key_results set check_in_is_stale = true where key_result_id in ('guest_posts', 'linkedin_leads_up')",
    )(f"people/{person_id('Zoë')}/index.html")
    panel = re.search(r'<section class="panel needs" aria-label="What waits">.*?</section>', html, re.DOTALL)[0]
    assert "Publish three to five guest posts" in text_of(panel)
    assert panel.count("<li>") == 1


def test_a_name_that_has_no_page_is_no_link(site):
    html = site("delete from dim_person", "delete from key_result_people")("key-results/linkedin_leads_up/index.html")
    assert "people/" not in html
    assert "Ana Ruiz" in html
