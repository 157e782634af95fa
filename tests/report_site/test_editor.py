"""What editors are told of the language of pages, and the pages that `okr pages new` writes."""

from __future__ import annotations

import json
import subprocess

import pytest

from okr_reports.report_site.build import build_site
from okr_reports.report_site.check import check_pages
from okr_reports.report_site.dialect.components import load_components
from okr_reports.report_site.pages.editor import new_page, page_schema, page_templates
from tests.support import OKR


def test_the_description_names_every_tag_attribute_table_and_column(reports, snapshot):
    own = "---\nabout: Mine.\nattributes:\n  size: {type: number, required: true}\n---\n<b>{{ size }}</b>\n"
    described = page_schema(reports({"components/mine.html": own, "queries/shared.sql": "select 1 as x"}), snapshot)
    components, _ = load_components([])
    for name, one in components.items():
        if one.group != "internal":
            assert set(described["tags"][name]["attributes"]) == set(one.attributes)
    assert described["tags"]["mine"]["attributes"] == {"size": {"type": "number", "required": True}}
    assert described["tags"]["pivot"]["parents"] == ["table"]
    assert "day" in described["tags"]["line_chart"]["attributes"]["date_grain"]["values"]
    assert described["tables"]["key_results"]["key_result_id"] == "VARCHAR"
    assert described["front_matter"]["page_width"]["values"] == ["normal", "wide", "full"]
    assert "shared" in described["queries"]
    json.dumps(described)


@pytest.mark.parametrize("template", ["overview", "explorer", "comparison"])
def test_a_new_page_works_at_once(reports, snapshot, tmp_path, template):
    assert template in page_templates()
    root = reports({})
    path = new_page(root, "teams/spend", template, "Spend: what and why")
    assert path == root / "pages/teams/spend.md"
    assert check_pages(root, snapshot) == []
    assert check_pages(root, None) == []
    html = (build_site(snapshot, root, tmp_path / "site").out_dir / "teams/spend/index.html").read_text(
        encoding="utf-8"
    )
    assert "<h1" in html
    assert "Spend: what and why" in html
    with pytest.raises(FileExistsError):
        new_page(root, "teams/spend", template, "Again")


def test_the_commands(tmp_path):
    subprocess.run([OKR, "init", "--empty", "w"], cwd=tmp_path, check=True, capture_output=True)
    folder = tmp_path / "w"
    asked = subprocess.run([OKR, "pages", "--schema"], cwd=folder, check=True, capture_output=True, text=True)
    assert json.loads(asked.stdout)["version"] == 1
    made = subprocess.run(
        [OKR, "pages", "new", "mine/first", "--template", "explorer"], cwd=folder, capture_output=True, text=True
    )
    assert "reports/pages/mine/first.md is ready" in made.stdout
    assert (folder / "reports/pages/mine/first.md").read_text().startswith("---\ntitle: First\n")
    again = subprocess.run([OKR, "pages", "new", "mine/first"], cwd=folder, capture_output=True, text=True)
    assert (again.returncode, "is there; name another page" in again.stderr) == (2, True)
    wrong = subprocess.run([OKR, "pages", "new", "../x"], cwd=folder, capture_output=True, text=True)
    assert (wrong.returncode, "is no address" in wrong.stderr) == (2, True)
