"""Copies of a site in folders that are killed in the middle, and to every target of the settings."""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from okr_reports.deliveries.commands import publish_targets
from okr_reports.deliveries.doctor import check_deliveries
from okr_reports.deliveries.encrypt import INSIDE_PAGES
from okr_reports.deliveries.site_files import CONTENT_TYPES, site_files
from okr_reports.deliveries.sync import MANIFEST
from okr_reports.deliveries.targets import publish_to
from okr_reports.errors import ClearHistoryError, DeliveryError, LockedPlaceError
from okr_reports.report_site.views.theme import IMAGES
from okr_reports.settings import Workspace
from tests.deliveries.a_site import content

ROOT = Path(__file__).parents[2]
KEYS = {"key": "canary-access-key", "secret": "canary/secret+key"}


def test_a_new_folder_is_a_link_that_moves_from_release_to_release(site, publish, tmp_path):
    target = tmp_path / "www"
    for version in ("one", "two"):
        assert "new release, linked" in publish(target, site(version))
        assert target.is_symlink()
        assert content(target) == content(tmp_path / f"release-{version}")
    assert publish(f"file://{target}", tmp_path / "release-two") == "10 files unchanged"
    assert not target.readlink().is_absolute()


def test_old_releases_go_and_a_damaged_one_is_fixed(site, publish, tmp_path):
    target = tmp_path / "www"
    for number in range(8):
        publish(target, site(f"v{number}"))
    assert len(list((tmp_path / ".www.releases").iterdir())) == 5
    (target / "same.html").unlink()
    publish(target, tmp_path / "release-v7")
    assert content(target) == content(tmp_path / "release-v7")


def test_a_reader_of_a_linked_folder_sees_one_version_while_copies_are_killed(site, tmp_path):
    """Twelve copies, each killed at another moment; the reader sees whole files of one version each time."""
    releases = [site("one", pages=60), site("two", pages=60)]
    target = tmp_path / "www"
    read_once, done = threading.Event(), threading.Event()

    def read() -> list[str]:
        torn = []
        while not done.is_set():
            if not target.exists():
                continue
            place = target.resolve()
            names = ("index.html", *(f"key-results/k{number}/index.html" for number in (0, 30, 59)))
            versions = {re.search("one|two", (place / name).read_text()).group() for name in names}
            torn += [f"{place}: {versions}"] if len(versions) != 1 else []
            read_once.set()
        return torn

    code = "import sys; from pathlib import Path; from okr_reports.deliveries.folder import publish_folder\n"
    code += "from okr_reports.deliveries.site_files import site_files\nprint(flush=True); sys.stdin.readline()\n"
    code += "publish_folder(Path(sys.argv[1]), site_files(Path(sys.argv[2])))"
    began = time.monotonic()
    publish_to(str(tmp_path / "measured"), releases[0], work_dir=tmp_path / "work")
    took = time.monotonic() - began
    pool = ThreadPoolExecutor(1)
    reader = pool.submit(read)
    for number in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(target), str(releases[number % 2])],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        process.stdout.readline()
        process.stdin.write(b"\n")
        process.stdin.flush()
        time.sleep(took * number / 6)
        process.kill()
        process.communicate()
        if target.exists():
            assert content(target) in [content(release) for release in releases]
    publish_to(str(target), releases[1], work_dir=tmp_path / "work")
    assert read_once.wait(60)
    done.set()
    assert reader.result() == []
    assert content(target) == content(releases[1])
    assert not [path for path in (tmp_path / ".www.releases").iterdir() if path.name.endswith("building")]
    assert not [path for path in tmp_path.iterdir() if path.name.endswith("building")]


def test_a_folder_that_is_there_is_brought_up_to_date_in_place(site, publish, tmp_path):
    target = tmp_path / "www"
    target.mkdir()
    (target / "robots.txt").write_text("somebody else's")
    assert publish(target, site("one")) == "10 files written, 0 deleted, 0 unchanged"
    assert publish(target, tmp_path / "release-one") == "0 files written, 0 deleted, 10 unchanged"
    assert publish(target, site("two")) == "8 files written, 2 deleted, 2 unchanged"
    assert content(target) == {**content(tmp_path / "release-two"), "robots.txt": "somebody else's"}
    assert not (target / "only-in-one").exists()


def test_where_links_are_unknown_the_folder_is_a_folder(site, publish, tmp_path, monkeypatch):
    def unknown(self, target, target_is_directory=False):
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(Path, "symlink_to", unknown)
    for version in ("one", "two"):
        publish(tmp_path / "www", site(version))
        assert not (tmp_path / "www").is_symlink()
        assert content(tmp_path / "www") == content(tmp_path / f"release-{version}")
    assert not (tmp_path / ".www.releases").exists()


def test_a_file_of_somebody_else_is_never_replaced(site, publish, tmp_path):
    target = tmp_path / "www"
    target.mkdir()
    (target / "index.html").write_text("somebody else's")
    with pytest.raises(DeliveryError, match=r"holds index.html that this did not publish; name an empty place"):
        publish(target, site("one"))
    assert content(target) == {"index.html": "somebody else's"}


def test_a_copy_in_place_that_was_cut_short_is_mended(site, publish, tmp_path):
    target = tmp_path / "www"
    target.mkdir()
    publish(target, site("one"))
    release = site("two")
    code = "import os, sys; from pathlib import Path; from okr_reports.deliveries import folder, targets\n"
    code += "write = folder._Folder.write\n"
    code += "def dying(self, name, *rest):\n    os._exit(9) if name == 'index.html' else write(self, name, *rest)\n"
    code += "folder._Folder.write = dying\n"
    code += "targets.publish_to(sys.argv[1], Path(sys.argv[2]), work_dir=Path(sys.argv[3]))"
    command = [sys.executable, "-c", code, str(target), str(release), str(tmp_path / "work")]
    assert subprocess.run(command, cwd=ROOT).returncode == 9
    assert "one" in (target / "index.html").read_text()
    # what the journal says is there is not sent again
    assert publish(target, release).startswith("1 files written, ")
    assert content(target) == content(release)


def test_a_manifest_cannot_choose_what_is_deleted(site, publish, tmp_path):
    target = tmp_path / "www"
    target.mkdir()
    (tmp_path / "precious").write_text("stays")
    for name in ("../precious", str(tmp_path / "precious"), "a/../../precious"):
        (target / MANIFEST).write_text(json.dumps({"files": {name: None}}))
        with pytest.raises(DeliveryError, match="which no site has"):
            publish(target, site("one"))
    assert (tmp_path / "precious").exists()


def test_a_folder_whose_parent_is_not_there_is_a_mistake(site, publish, tmp_path):
    with pytest.raises(DeliveryError, match="is not there; make it first"):
        publish(tmp_path / "tpyo" / "www", site("one"))


@pytest.mark.parametrize(
    ("place", "below"),
    [("a%20b", "a%20b"), ("okr#1", "okr#1"), ("what?", "what?"), ("a:b", "a:b"), ("file://a%20b", "a b")],
)
def test_the_doctor_looks_at_the_folder_that_is_published_to(site, publish, tmp_path, monkeypatch, place, below):
    monkeypatch.chdir(tmp_path)
    scheme = "file://" if place.startswith("file://") else ""
    url = f"{scheme}{tmp_path}/{place.removeprefix(scheme)}/www"
    monkeypatch.setenv("DELIVERIES__TARGETS__WEB__URL", url)
    ((_, _, fault),) = check_deliveries()
    assert fault
    (tmp_path / below).mkdir()
    assert list(check_deliveries()) == [("copy web", "reachable, readable by whoever may read the place", False)]
    publish(url, site("one"))
    assert (tmp_path / below / "www" / "index.html").is_file()


@pytest.mark.parametrize("url", ["git+http://127.0.0.1:9/x.git", "git+ext://sh -c exit"])
def test_the_doctor_refuses_what_publishing_refuses(tmp_path, monkeypatch, url):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DELIVERIES__TARGETS__WEB__URL", url)
    assert list(check_deliveries()) == [
        ("copy web", "git cannot be reached that way; use git+file, git+ssh, git+https", True)
    ]


def test_a_browser_is_told_what_every_image_is():
    assert {*IMAGES, *INSIDE_PAGES} <= CONTENT_TYPES.keys()
    assert CONTENT_TYPES[".jpeg"] == CONTENT_TYPES[".jpg"] == "image/jpeg"
    assert CONTENT_TYPES[".gif"] == "image/gif"


def test_pages_come_after_what_they_need_and_the_front_page_last(site):
    names = [one.name for one in site_files(site("one"))]
    kinds = [0 if not name.endswith(".html") else 2 if name == "index.html" else 1 for name in names]
    assert kinds == sorted(kinds)
    assert names[-1] == "index.html"


def test_every_target_of_the_settings_gets_the_published_site(site, tmp_path, monkeypatch, bare, run_git):
    monkeypatch.chdir(tmp_path)
    workspace = Workspace(Path("d"), Path("r"), Path("data"))
    assert [str(one) for one in publish_targets(workspace)] == []
    monkeypatch.setenv("DELIVERIES__TARGETS__WEB__URL", str(tmp_path / "www"))
    monkeypatch.setenv("DELIVERIES__TARGETS__BROKEN__URL", str(tmp_path / "nowhere" / "www"))
    monkeypatch.setenv("DELIVERIES__TARGETS__PAGES__URL", f"git+file://{bare}")
    with pytest.raises(DeliveryError, match="holds no site; run `okr refresh` first"):
        publish_targets(workspace)
    release = site("one")
    workspace.site_dir.mkdir(parents=True)
    (workspace.site_dir / "current").symlink_to(release)
    with pytest.raises(DeliveryError, match=r"^broken: .* make it first") as failure:
        publish_targets(workspace)
    assert "done: web: 10 files in a new release, linked" in str(failure.value)
    monkeypatch.delenv("DELIVERIES__TARGETS__BROKEN__URL")
    assert [str(one) for one in publish_targets(workspace)] == [
        "pages: branch gh-pages unchanged",
        "web: 10 files unchanged",
    ]


def lock(release: Path, word: str = "") -> Path:
    for path in release.rglob("*.html"):
        path.write_text(f'<meta name="okr-sealed" content="okr-sealed-2">{word}{path.name}')
    return release


@pytest.mark.parametrize("kind", ["linked", "in place", "once linked"])
def test_a_locked_site_leaves_no_readable_copy_at_the_folder(site, publish, tmp_path, kind):
    target = tmp_path / "host" / "www"
    target.parent.mkdir()
    if kind == "in place":
        target.mkdir()
    for version in ("one", "two"):
        publish(target, site(version))
    if kind == "once linked":
        target.unlink()
        target.mkdir()
    publish(target, lock(site("locked")))
    left = [path for path in (tmp_path / "host").rglob("*.html") if path.is_file()]
    assert left
    assert [path for path in left if b"okr-sealed" not in path.read_bytes()] == []
    publish(target, lock(site("locked"), "later"))
    if kind == "linked":
        releases = [path for path in (tmp_path / "host" / ".www.releases").iterdir() if path.is_dir()]
        assert len(releases) == 2, "locked releases stay for readers in the middle of a visit"


@pytest.mark.parametrize("kind", ["linked", "in place", "branch"])
def test_a_readable_site_does_not_replace_a_locked_one_unless_that_is_said(kind, site, publish, tmp_path, bare):
    """A passphrase that only one shell knew: the next cron job would have opened the site."""
    target = tmp_path / "host" / "www"
    target.parent.mkdir()
    if kind == "in place":
        target.mkdir()
    place = f"git+file://{bare}" if kind == "branch" else target
    publish(place, lock(site("locked")))
    with pytest.raises(LockedPlaceError, match="is locked with a passphrase"):
        publish(place, site("one"))
    if kind != "branch":
        assert b"okr-sealed" in (target / "index.html").read_bytes()
    publish(place, site("one"), accept_readable=True)
    publish(place, site("two"))


@pytest.mark.parametrize("kind", ["linked", "branch"])
def test_what_another_key_locked_does_not_stay(kind, site, publish, tmp_path, bare):
    """A passphrase that got out is changed: releases that it opens would still lie beside the new one."""

    def locked_with(salt: str) -> Path:
        made = lock(site(f"locked-{salt}"))
        for path in made.rglob("*.html"):
            path.write_text(path.read_text() + f'<script type="text/plain" id="sealed" data-salt="{salt}"></script>')
        return made

    target = tmp_path / "www"
    place = f"git+file://{bare}" if kind == "branch" else target
    publish(place, locked_with("aa"))
    said = publish(place, locked_with("bb"))
    if kind == "branch":
        assert "commits before it are locked with another key" in said
    else:
        assert "1 earlier releases that this passphrase does not lock were removed" in said
        left = [path for path in (tmp_path / ".www.releases").rglob("*.html") if path.is_file()]
        assert [path for path in left if b'data-salt="bb"' not in path.read_bytes()] == []


def test_a_branch_of_others_in_any_encoding_is_read(site, publish, bare, run_git, tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(bare), str(clone)], check=True, capture_output=True)
    run_git(clone, "checkout", "--quiet", "-b", "gh-pages")
    (clone / "index.html").write_bytes("<h1>Übersicht</h1>".encode("latin-1"))
    run_git(clone, "add", "--all")
    run_git(clone, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "Theirs")
    run_git(clone, "push", "--quiet", "origin", "gh-pages")
    with pytest.raises(ClearHistoryError):
        publish(f"git+file://{bare}", lock(site("locked")))
    assert publish(f"git+file://{bare}", site("one")).startswith("branch gh-pages at ")
