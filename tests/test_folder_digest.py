"""What a folder holds, while somebody writes in it."""

from __future__ import annotations

import os
import threading

import pytest

from okr_reports.common.folder_digest import files_state, folder_digest


@pytest.fixture
def folder(tmp_path):
    """A page, and what editors and git leave beside it."""
    names = ("pages/index.md", ".git/objects/ab/x", "pages/.index.md.swp", "pages/index.md~", "pages/old~/index.md")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text", encoding="utf-8")
    os.mkfifo(tmp_path / "pages" / "pipe")
    (tmp_path / "pages" / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "pages" / "loop").symlink_to("loop")
    return tmp_path


@pytest.fixture
def busy(folder):
    """The folder, while an editor makes and removes a file and a folder in it without a pause."""
    stop = threading.Event()

    def write():
        while not stop.is_set():
            (folder / "pages" / "4913").write_text("x", encoding="utf-8")
            (folder / "pages" / "new").mkdir()
            (folder / "pages" / "4913").unlink()
            (folder / "pages" / "new").rmdir()

    thread = threading.Thread(target=write)
    thread.start()
    yield folder
    stop.set()
    thread.join()


def test_what_vanishes_meanwhile_is_not_there(busy):
    for _ in range(1000):
        places = {place for place, _, _ in files_state(busy)}
        assert places - {str(busy / "pages" / "4913")} >= {str(busy / "pages" / "index.md")}
        assert folder_digest(busy)


def test_a_state_holds_files_and_changes_with_them(folder):
    before = files_state(folder, folder / "pages" / "index.md", folder / "nowhere")
    assert len(before) == 5
    (folder / "pages" / "index.md").write_text("other", encoding="utf-8")
    after = files_state(folder)
    assert [place for place, *_ in after - before] == [str(folder / "pages" / "index.md")]


def test_what_is_hidden_does_not_count_where_that_is_wanted(folder):
    assert {place for place, *_ in files_state(folder, hidden=False)} == {str(folder / "pages" / "index.md")}
    inside = folder / ".git" / "objects"
    assert len(files_state(inside, hidden=False)) == 1


def test_a_digest_is_that_of_places_and_contents(folder):
    before = folder_digest(folder)
    (folder / "pages" / "index.md").touch()
    assert folder_digest(folder) == before
    (folder / "pages" / "index.md").rename(folder / "pages" / "home.md")
    assert folder_digest(folder) != before
    assert folder_digest(folder, but="pages") != folder_digest(folder)
