"""A release is put in place whole or not at all."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from okr_reports.errors import PublishError
from okr_reports.report_site.output.publish import current_release, one_at_a_time, publish, rollback
from tests.support import ROOT


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


def test_two_publications_come_one_after_the_other(tmp_path):
    with one_at_a_time(tmp_path), pytest.raises(PublishError, match="another process has been publishing for 0 s"):  # noqa: SIM117
        with one_at_a_time(tmp_path, seconds=0):
            raise AssertionError
    with one_at_a_time(tmp_path, seconds=0):
        assert (tmp_path / "publish.lock").exists()


# Dies by SIGKILL before its n-th step at the disk (0: lives, and says how many there were): publishes <mark>.
DYING = """
import os, signal, sys
from pathlib import Path
from okr_reports.report_site.output.publish import publish
built, site, mark, at = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
steps = 0
def step(event, arguments):
    global steps
    if event in ("open", "os.rename", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree", "os.listdir",
                 "os.scandir", "shutil.copyfile"):
        steps += 1
        if steps == at:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(step)
publish(built, site, 2, mark)
print(steps)
"""


@pytest.mark.parametrize(("kills", "files"), [(20, 12), pytest.param(200, 120, marks=pytest.mark.torture)])
def test_killed_at_any_step_the_site_is_the_old_one_or_the_new_one(tmp_path, kills, files):
    """Killed before steps spread over the whole of a publication: moving it in, the swap, and removing old releases."""
    site = tmp_path / "site"

    def fresh(mark: str) -> Path:
        shutil.rmtree(tmp_path / mark, ignore_errors=True)
        return built(tmp_path / mark, mark, files=files)

    for _ in range(3):
        publish(fresh("old"), site, 2, "old")
    found: list[str] = []
    total = int(dying(fresh("new"), site, "new", 0).stdout)
    assert total >= kills
    for number in range(kills):
        publish(fresh("old"), site, 2, "old")
        at = 1 + number * (total - 1) // (kills - 1)
        assert dying(fresh("new"), site, "new", at).returncode == -signal.SIGKILL, at
        texts = {path.read_text()[:3] for path in (site / "current").glob("page*.html")}
        assert len(texts) == 1, at
        assert len(list((site / "current").glob("page*.html"))) == files, at
        assert (site / "current" / "index.html").read_text().endswith(next(iter(texts)))
        found += texts
    print(
        f"killed at {kills} of {total} steps: {found.count('old')} times the old site, {found.count('new')} the new one"
    )
    assert set(found) == {"old", "new"}
    publish(fresh("new"), site, 2, "last")
    assert not list((site / "releases").glob(".*"))
    assert len(list((site / "releases").iterdir())) == 2


def dying(folder: Path, site: Path, mark: str, at: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", DYING, str(folder), str(site), mark, str(at)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
