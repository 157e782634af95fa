"""What installed packages bring: component files of pages, places that a site is sent to."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support import ROOT, python_with_package

COMPONENT = """---
about: A word of another package.
display: inline
attributes:
  word: {type: text, required: true}
---
<b class="brought">{{ word }}</b>
"""
SENDER = """
def send(url, release, options):
    if "refuse" in url:
        raise ValueError(f"no room at {url} for {options['key']}")
    return f"{len(list(release.rglob('*')))} files to {url}"
"""
SENT = """
from pathlib import Path
from okr_reports.deliveries.targets import publish_to
site = Path(sys.argv[1])
print(publish_to("drop://" + sys.argv[2], site, options={"key": "a-long-secret"}, work_dir=site.parent))
"""
RENDERED = """
from pathlib import Path
from okr_reports.report_site.pages.reports import read_reports
reports = read_reports(Path(sys.argv[1]))
print("brought" in reports.components, [str(fault) for fault in reports.faults])
"""


CHECKED = """
from okr_reports.commands.extension_check import check_extensions
print(*check_extensions("brought")[1], sep=chr(10))
"""
WRONG = """
[okr_reports.components]
ours = brought
[okr_reports.presets]
ours = nowhere
[okr_reports.key_result_types]
ours = brought:TYPE
[okr_reports.deliveries]
s3 = brought:send
Drop = brought:missing
one = brought:of_one
"""
MORE = """
from okr_reports.key_result_types.rule import KeyResultType
TYPE = KeyResultType(name="ours", position=20, shape="said", about="A.", progress="value / 2", reads="grade",
                     detail={"other": "grade %(value)s"}, examples=[({"value": 1}, 1.0), ({"value": 2}, 1.0)])

def of_one(url):
    return url
"""


def with_package(folder: Path, points: str, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    files = {"brought/__init__.py": SENDER, "brought/brought.html": COMPONENT}
    return python_with_package(folder, files, points, code, *arguments)


def reports(folder: Path) -> str:
    (folder / "reports" / "pages").mkdir(parents=True)
    page = '---\ntitle: A\n---\n\n<brought word="yes" />\n'
    (folder / "reports" / "pages" / "index.md").write_text(page, encoding="utf-8")
    return str(folder / "reports")


def test_a_packages_components_are_there(tmp_path: Path) -> None:
    answer = with_package(tmp_path, "[okr_reports.components]\nours = brought\n", RENDERED, reports(tmp_path))
    assert answer.stdout == "True []\n", answer.stderr


def test_a_package_that_has_none_is_named(tmp_path: Path) -> None:
    answer = with_package(tmp_path, "[okr_reports.components]\nours = nowhere\n", RENDERED, reports(tmp_path))
    assert "brought: the entry point ours of okr_reports.components" in answer.stdout, answer.stderr
    assert "uninstall that package" in answer.stdout


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("here", "1 files to drop://here"),
        ("refuse", "DeliveryError: ValueError: no room at drop://refuse for ********"),
    ],
)
def test_a_package_sends_to_its_own_places(tmp_path: Path, place: str, said: str) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<p>", encoding="utf-8")
    answer = with_package(tmp_path, "[okr_reports.deliveries]\ndrop = brought:send\n", SENT, str(site), place)
    assert said in answer.stdout + answer.stderr
    assert "a-long-secret" not in answer.stdout + answer.stderr


TAKEN = """
from okr_reports.deliveries.targets import _brought
from okr_reports.errors import DeliveryError
from okr_reports.okrs.presets import presets, unused_presets
print(*unused_presets(), presets()["shopify_orders"].title, sep=chr(10))
for scheme in ("s3", "drop"):
    try:
        print(_brought(scheme))
    except DeliveryError as error:
        print(error)
"""


def test_what_a_package_brings_under_a_name_that_is_taken_is_said(tmp_path: Path) -> None:
    shipped = (ROOT / "pipelines/okr_reports/okrs/presets/shopify_orders.yml").read_text(encoding="utf-8")
    preset = re.sub("(?m)^title: .*", "title: Another", shipped)
    points = "[okr_reports.presets]\nmine = brought\n[okr_reports.deliveries]\ns3 = brought:send\ndrop = brought:send\n"
    files = {"brought/__init__.py": SENDER, "brought/shopify_orders.yml": preset}
    answer = python_with_package(tmp_path, files, points, TAKEN)
    said = answer.stdout.splitlines()
    assert len(said) == 4, answer.stderr
    assert said[0].startswith("brought/shopify_orders.yml:")
    assert "stands already at okr_reports.okrs.presets/shopify_orders.yml:" in said[0]
    assert "have the package brought give it another id" in said[0]
    assert said[1] != "Another"
    assert said[2] == "s3:// is a scheme of okr-reports, and brought brings it too; uninstall brought"
    assert said[3].startswith("<function send")


def test_the_conformance_suite_names_what_is_wrong(tmp_path: Path) -> None:
    files = {
        "brought/__init__.py": SENDER + MORE,
        "brought/brought.html": COMPONENT.replace("type: text", "type: words"),
    }
    answer = python_with_package(tmp_path, files, WRONG, CHECKED)
    said = {line.partition(": ")[0]: line.partition(": ")[2] for line in answer.stdout.splitlines()}
    expected = {
        "ours of brought (components)": "brought.html:",
        "ours of brought (presets)": "its package nowhere cannot be imported",
        "ours of brought (key_result_types)": "its progress of {'value': 1} is 0.5, and the example says 1.0",
        "s3 of brought (deliveries)": "s3:// is a scheme of this program's own",
        "Drop of brought (deliveries)": "it cannot be loaded",
        "one of brought (deliveries)": "it cannot be called as send(url, release, options)",
    }
    assert said.keys() == expected.keys(), answer.stderr
    assert {whose: text in said[whose] for whose, text in expected.items()} == dict.fromkeys(expected, True), said
