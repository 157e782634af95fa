import zipfile
from importlib.resources import files
from pathlib import Path

from okr_reports.commands.extension_check import check_extensions
from okr_reports.deliveries.targets import publish_to
from okr_reports.report_site.dialect.components import read_component


def test_it_conforms():
    tried, wrong = check_extensions("board_pack")
    assert wrong == []
    assert tried == ["board_pack of board_pack (components)", "board-pack of board_pack (deliveries)"]


def test_a_day_is_one_file(tmp_path):
    site, place = tmp_path / "site", tmp_path / "there"
    (site / "okr").mkdir(parents=True)
    (site / "index.html").write_text("<p>before</p>")
    (site / "okr" / "index.html").write_text("<p>inner</p>")
    publish_to(f"board-pack://host{place}", site, options={"name": "q4"}, work_dir=tmp_path / "work")
    (site / "index.html").write_text("<p>after</p>")
    said = publish_to(f"board-pack://host{place}", site, options={"name": "q4"}, work_dir=tmp_path / "work")
    [whole] = place.iterdir()
    assert whole.name.startswith("q4-")
    assert said == f"2 files in {whole}"
    with zipfile.ZipFile(whole) as archive:
        assert archive.namelist() == ["index.html", "okr/index.html"]
        assert archive.read("index.html") == b"<p>after</p>"


def test_a_decision_says_what_it_needs():
    component = read_component(Path(str(files("board_pack"))) / "decision.html")
    needed = [attribute.name for attribute in component.attributes.values() if attribute.required]
    assert needed == ["title"]
