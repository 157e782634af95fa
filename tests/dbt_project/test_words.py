"""What a key result says of itself: its status in words, its owner's voice, what stands beside the score."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.dbt_project import example
from tests.dbt_project.conftest import TODAY
from tests.dbt_project.warehouse import Warehouse


@pytest.fixture(scope="module", params=["en", "es"])
def company(request: pytest.FixtureRequest, only_warehouse: Warehouse) -> Warehouse:
    warehouse = only_warehouse.emptied(TODAY, language=request.param, locale=f"{request.param}-XX")
    example.found(warehouse)
    more = [
        # Seven in ten is sure, four in ten is not: just so.
        {"key_result_id": "o2_k8", "date": date(2026, 11, 20), "value": 4.5, "confidence": 0.7, "author": "Luis"},
        {"key_result_id": "o2_k9", "date": date(2026, 11, 20), "value": 7, "confidence": 0.4, "author": "Luis",
         "note": "Plenty", "next": "Choose", "evidence": 0},
        {"key_result_id": "o2_k9", "date": date(2026, 11, 10), "value": 7, "author": "Luis", "evidence": 9},
        {"key_result_id": "o2_k8", "date": date(2026, 11, 19), "value": 4.5, "author": "Luis", "evidence": 2},
        {"key_result_id": "o1_k8", "date": date(2026, 9, 20), "value": 6, "author": "Luis"},
        # A check-in of tomorrow is not known yet.
        {"key_result_id": "o2_k9", "date": date(2026, 11, 24), "value": 0, "confidence": 0.9, "author": "Eva"},
    ]  # fmt: skip
    example.check_in(warehouse, *more)
    own = "update definitions.key_results set owner = 'Luis', contributors = 'Ana, Pau' where key_result_id = ?"
    for id_ in ("o1_k9", "o2_k9"):
        warehouse.run(own, id_)
    warehouse.build()
    return warehouse


@pytest.fixture(scope="module")
def said(company: Warehouse) -> dict[str, dict[str, Any]]:
    """The key results as the analysts' copy has them, with their sentences."""
    return {row["key_result_id"]: row for row in company.copied("from marts.key_results")}


def state(warehouse: Warehouse, id_: str) -> dict[str, Any]:
    return warehouse.row("from marts.key_results where key_result_id = ?", [id_])


REASONS = {
    "o1_k12": ("60 % reached, 100 % needed: grade 0.6.", "60 % alcanzado, 100 % necesario: nota 0,6."),
    "o1_k9": ("66.7 % reached, 100 % needed: 2 of 3 to 5.", "66,7 % alcanzado, 100 % necesario: 2 de 3 a 5."),
    # Half was due on 21 October, the rest by the end: 0.5 + 0.5 x 33/71, and 70 % of it for an aspirational one.
    "o2_k8": (
        "16.7 % done, 51.3 % expected by day 54 of 92: from 5 to 2, now 4.5.",
        "16,7 % hecho, 51,3 % esperado el día 54 de 92: de 5 a 2, ahora 4,5.",
    ),
    "o2_k10": (
        "33.3 % done, 23.3 % expected by day 54 of 92: 1 of 3 in milestones done.",
        "33,3 % hecho, 23,3 % esperado el día 54 de 92: 1 de 3 en hitos cumplidos.",
    ),
    "o1_k8": (
        "Moved away from its target, 100 % of the way needed: from 5 to 2, now 6.",
        "Se alejó del objetivo, 100 % del camino necesario: de 5 a 2, ahora 6.",
    ),
    "o3_k1": ("Begins on 2027-01-01.", "Empieza el 2027-01-01."),
}


@pytest.mark.parametrize("id_", REASONS)
def test_the_status_in_words_with_its_numbers(company: Warehouse, said: dict[str, Any], id_: str) -> None:
    row = said[id_]
    language = company.row("from definitions.settings")["language"]
    assert row["status_reason"] == REASONS[id_][["en", "es"].index(language)]


def test_the_way_back_is_said_while_it_is_gone(company: Warehouse) -> None:
    (day,) = company.copied(
        "from marts.fct_key_result_daily where key_result_id = 'o1_k8' and date = ?", [date(2026, 9, 21)]
    )
    assert (day["status"], day["progress"]) == ("off_track", pytest.approx(-1 / 3))
    # Half by 21 July, the rest by the end: 0.5 + 0.5 x 62/71.
    assert day["status_reason"] in (
        "Moved away from its target, 93.7 % of the way expected by day 83 of 92: from 5 to 2, now 6.",
        "Se ha alejado del objetivo, 93,7 % del camino esperado el día 83 de 92: de 5 a 2, ahora 6.",
    )


def test_every_day_has_words_without_gaps(company: Warehouse) -> None:
    rows = company.copied(
        "select status_reason from marts.fct_key_result_daily union select status_reason from marts.objectives"
    )
    assert rows
    assert not [
        row for row in rows if not row["status_reason"] or "{" in row["status_reason"] or "  " in row["status_reason"]
    ]


def test_the_owners_word_stands_beside_the_numbers(said: dict[str, Any]) -> None:
    sure, unsure = said["o2_k8"], said["o2_k9"]
    assert (sure["status"], sure["confidence"], sure["last_check_in_by"]) == ("off_track", 0.7, "Luis")
    assert "70 %" in sure["disagreement"]
    assert (unsure["status"], unsure["confidence"]) == ("on_track", 0.4)
    assert "40 %" in unsure["disagreement"]
    assert (unsure["last_check_in_note"], unsure["last_check_in_next"]) == ("Plenty", "Choose")
    assert said["o1_k9"]["disagreement"] is None or said["o1_k9"]["status"] == "missed"


def test_a_key_results_own_owner_goes_before_the_objectives(company: Warehouse, said: dict[str, Any]) -> None:
    owners = {id_: (said[id_]["owner"], said[id_]["contributors"]) for id_ in ("o1_k9", "o2_k9", "o2_k8")}
    assert owners == {"o1_k9": ("Luis", "Ana, Pau"), "o2_k9": ("Luis", "Ana, Pau"), "o2_k8": ("Ana", None)}
    closed = {row["key_result_id"]: row["owner"] for row in company.rows("from marts.fct_key_result_final")}
    assert closed.get("o1_k9", "Luis") == "Luis"
    assert closed.get("o1_k8", "Ana") == "Ana"


def test_the_last_evidence_counts(company: Warehouse) -> None:
    """Nothing said later takes the number away, and none is a number."""
    assert [state(company, id_)["evidence"] for id_ in ("o2_k8", "o2_k9", "o2_k12")] == [2, 0, None]
    told = company.rows("from marts.fct_check_in where evidence is not null order by date")
    assert [row["evidence"] for row in told] == [9, 2, 0]


def test_more_than_the_range_is_flagged_not_punished(company: Warehouse) -> None:
    row = state(company, "o2_k9")
    assert (row["value"], row["score"], row["over_range"]) == (7, 1, True)
    assert not state(company, "o1_k9")["over_range"]


def test_a_check_in_is_stale_only_while_the_period_runs(company: Warehouse) -> None:
    stale = {row["key_result_id"]: row["check_in_is_stale"] for row in company.rows("from marts.key_results")}
    assert stale["o2_k11"]
    # Checked in three days ago; never checked in, fifty days into the period; over; not begun.
    assert [stale[id_] for id_ in ("o2_k8", "o2_k1", "o1_k11", "o3_k1")] == [False, True, False, False]


def test_what_is_over_and_final_and_what_is_not(company: Warehouse) -> None:
    over, running = state(company, "o1_k1"), state(company, "o2_k1")
    assert (over["status"] in ("achieved", "missed"), over["is_provisional"], over["provisional_from"]) == (
        True,
        False,
        None,
    )
    assert (running["is_provisional"], running["provisional_from"]) == (True, date(2026, 10, 24))
    final = company.row(
        "select max(date) as day from marts.fct_key_result_daily where key_result_id = 'o2_k1' and not is_provisional"
    )
    assert final["day"] == date(2026, 10, 23)


def test_an_objective_is_its_key_results_and_its_own_measure_beside(company: Warehouse) -> None:
    row = company.row("from marts.objectives where objective_id = 'o2'")
    scores = company.rows("from marts.key_results where objective_id = 'o2' and score is not null")
    weight = sum(one["weight"] for one in scores)
    assert row["score"] == pytest.approx(sum(one["weight"] * one["score"] for one in scores) / weight)
    assert (row["measure_type"], row["measure_target"]) == ("increase", 2000)
    assert row["measure_score"] == pytest.approx(row["measure_value"] / 2000)
    assert row["confidence"] == 0.4
    assert row["last_check_in"] == date(2026, 11, 20)
    assert not company.rows("from marts.fct_key_result_daily where key_result_id like 'objective/%'")


def test_the_calendar_has_whole_years_and_one_more_on_each_side(company: Warehouse) -> None:
    bounds = company.row("select min(date) as first, max(date) as last from marts.dim_date")
    # From last year's summer, which paces this year's, to the end of the first quarter of 2027.
    assert bounds["first"] == date(2024, 1, 1)
    assert date(2028, 12, 31) <= bounds["last"] <= date(2029, 1, 1)


def test_an_objective_that_has_not_begun_covers_nothing(company: Warehouse) -> None:
    row = company.row("from marts.objectives where objective_id = 'o3'")
    assert (row["status"], row["coverage"], row["score"], row["date"]) == ("scheduled", 0, None, TODAY)


def test_pace_is_known_for_every_day_and_is_what_is_expected(company: Warehouse) -> None:
    bounds = company.row(
        "select min(date) as first, max(date) as last, count(*) as days"
        " from marts.key_result_pace where key_result_id = 'o2_k8'"
    )
    assert bounds == {"first": date(2026, 9, 30), "last": date(2026, 12, 31), "days": 93}
    # Of a quarter to come too: the day before, 31 + 28 + 31 days.
    to_come = company.row("select count(*) as days from marts.key_result_pace where key_result_id = 'o3_k8'")
    assert to_come["days"] == 1 + 90
    differing = company.rows(
        "from marts.key_result_pace as pace inner join marts.fct_key_result_daily as day using (key_result_id, date)"
        " where pace.expected is distinct from day.expected"
    )
    assert not differing


def test_the_compared_score_of_an_objective_is_of_its_key_results_with_a_pace(company: Warehouse) -> None:
    found = 0
    for row in company.rows("from marts.objectives where score is not null"):
        own = company.rows(f"from marts.key_results where objective_id = '{row['objective_id']}'")
        paced = [one for one in own if one["score"] is not None and one["expected"] is not None]
        weight = sum(one["weight"] for one in paced)
        if not weight:
            assert (row["score_compared"], row["expected"]) == (None, None)
            continue
        assert row["score_compared"] == pytest.approx(sum(one["weight"] * one["score"] for one in paced) / weight)
        found += 1
    assert found
