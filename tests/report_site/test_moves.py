"""Who moved a number, as a key result's page says it; names of campaigns are text and nothing else."""

from __future__ import annotations

import shutil

import duckdb

from tests.report_site.conftest import REPORTS

HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }}"


def test_the_page_names_who_moved_it(build, snapshot, tmp_path):
    path = tmp_path / "okr.duckdb"
    shutil.copy(snapshot, path)
    with duckdb.connect(str(path)) as connection:
        (key_result,) = connection.execute(
            "select key_result_id from marts.key_results where unit = 'count' order by 1 limit 1"
        ).fetchone()
        for number, (name, part, state) in enumerate(
            ((HOSTILE, 48, "both"), ("Webinar", 20, "new"), ("Old", -6, "ended"))
        ):
            connection.execute(
                "insert into marts.key_result_drivers"
                " values (?, 'previous', 'week', 'campaign', ?, ?, ?, ?, 0, ?, 100, 162, ?)",
                [key_result, f"c/a/{number}", name, part, part, state, number + 1],
            )
    component = (REPORTS / "components" / "why_moved.html").read_text(encoding="utf-8")
    page = f'{{% why_moved key_result="{key_result}" /%}}'
    read = build({"components/why_moved.html": component, "pages/moves.md": f"---\ntitle: Moves\n---\n{page}\n"}, path)
    said = read("moves/index.html")
    assert "frente a las cuatro semanas anteriores" in said
    assert "+62" in said
    assert "Webinar (nueva) +20" in said
    assert "Old (terminada)" in said or "otras" in said
    assert "&lt;script&gt;" in said
    assert "<script>alert" not in said
    assert "{{ 7 * 7 }}" in said
