"""A release is put in place whole or not at all."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.errors import PublishError
from pipelines.report_site.publish import current_release, publish, rollback
from tests.support import ROOT

KILLS = 20


def built(folder: Path, mark: str, files: int = 5) -> Path:
    """A site whose every page carries the same mark, so that a mixture shows."""
    (folder / "assets").mkdir(parents=True)
    (folder / "assets" / f"site.{mark}.css").write_text(mark)
    (folder / "index.html").write_text(f'<link href="assets/site.{mark}.css">{mark}')
    for number in range(files):
        (folder / f"page{number}.html").write_text(mark * 200)
    return folder


def test_the_link_leads_to_the_newest_release(tmp_path):
    site = tmp_path / "site"
    for mark in ("a", "b"):
        release = publish(built(tmp_path / mark, mark), site, 5, mark)
        assert release == site / "releases" / mark
        assert (site / "current" / "index.html").read_text().endswith(mark)
    assert (site / "current").readlink() == Path("releases/b")


def test_the_last_five_stay_and_rollback_goes_back_one_by_one(tmp_path):
    site = tmp_path / "site"
    for mark in "abcdefg":
        publish(built(tmp_path / mark, mark), site, 5, mark)
    assert sorted(path.name for path in (site / "releases").iterdir()) == list("cdefg")
    for mark in "fedc":
        assert rollback(site).name == mark
        assert (site / "current" / "index.html").read_text().endswith(mark)
    with pytest.raises(PublishError, match="c is the oldest release kept"):
        rollback(site)


def test_a_release_that_readers_see_is_never_removed(tmp_path):
    site = tmp_path / "site"
    for mark in "abc":
        publish(built(tmp_path / mark, mark), site, 2, mark)
    rollback(site)
    publish(built(tmp_path / "d", "d"), site, 2, "d")
    assert (site / "current" / "index.html").read_text().endswith("d")


def test_publishing_an_id_again_leaves_what_readers_see_untouched(tmp_path):
    site = tmp_path / "site"
    first = publish(built(tmp_path / "a", "a"), site, 5, "r1")
    second = publish(built(tmp_path / "b", "b"), site, 5, "r1")
    assert (first.name, second.name) == ("r1", "r1.2")
    assert (first / "index.html").read_text().endswith("a")


def test_a_page_loaded_before_the_swap_still_finds_its_style(tmp_path):
    site = tmp_path / "site"
    for mark in "abcdefg":
        publish(built(tmp_path / mark, mark), site, 5, mark)
    assets = sorted(path.name for path in (site / "current" / "assets").iterdir())
    assert "site.f.css" in assets
    assert "site.a.css" not in assets


@pytest.mark.parametrize("release_id", ["", "../x", "a/b", ".hidden", "x" * 101])
def test_an_id_that_is_no_folder_name_is_refused(tmp_path, release_id):
    with pytest.raises(PublishError, match="is no release id"):
        publish(built(tmp_path / "a", "a"), tmp_path / "site", 5, release_id)


def test_an_empty_build_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(PublishError, match=r"there is no index\.html; build the site first"):
        publish(tmp_path / "empty", tmp_path / "site", 5, "a")
    assert current_release(tmp_path / "site") is None


def test_rollback_of_nothing_says_so(tmp_path):
    with pytest.raises(PublishError, match="nothing is published; run okr refresh"):
        rollback(tmp_path / "site")


def test_killed_anywhere_the_site_is_the_old_one_or_the_new_one(tmp_path):
    site, chance = tmp_path / "site", random.Random(5)
    for mark in ("old", "new"):
        built(tmp_path / mark, mark, files=150)
    publish(tmp_path / "old", site, 5, "old")
    code = (
        "import sys; from pathlib import Path; from pipelines.report_site.publish import publish;"
        "print('go', flush=True);"
        "[publish(Path(sys.argv[1]) / mark, Path(sys.argv[2]), 5, mark) for mark in ['new', 'old'] * 100]"
    )
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(site)], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        texts = {path.read_text()[:3] for path in (site / "current").glob("page*.html")}
        assert len(texts) == 1
        assert len(list((site / "current").glob("page*.html"))) == 150
    publish(tmp_path / "new", site, 5, "last")
    assert not list((site / "releases").glob(".*"))
