"""Copies of a site on a branch of a bare git repository."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from okr_reports.deliveries.commands import publish_targets
from okr_reports.deliveries.git_branch import check_git
from okr_reports.deliveries.targets import publish_to
from okr_reports.errors import ClearHistoryError, DeliveryError
from okr_reports.settings import Workspace
from tests.deliveries.a_site import content
from tests.support import free_port

ROOT = Path(__file__).parents[2]
KEYS = {"key": "canary-access-key", "secret": "canary/secret+key"}


def branch_files(run_git, bare: Path, branch: str = "gh-pages") -> dict[str, str]:
    names = run_git(bare, "ls-tree", "-r", "--name-only", branch).split("\n")
    return {name: run_git(bare, "show", f"{branch}:{name}") for name in names}


def test_a_branch_begins_without_history_and_gets_one_commit_a_change(bare, run_git, site, publish, tmp_path):
    url = f"git+file://{bare}"
    assert publish(url, site("one")).startswith("branch gh-pages at ")
    assert publish(url, site("one")) == "branch gh-pages unchanged"
    publish(url, site("two"))
    assert run_git(bare, "rev-list", "--count", "gh-pages") == "2"
    expected = {name: text.strip() for name, text in content(site("two")).items()}
    assert branch_files(run_git, bare) == {**expected, ".nojekyll": ""}
    assert run_git(bare, "log", "-1", "--format=%an %s", "gh-pages") == "okr-reports Publish 10 files"
    shutil.rmtree(tmp_path / "work")
    assert publish(url, site("two")) == "branch gh-pages unchanged"


def test_the_domain_of_the_branch_stays_and_others_commits_are_built_upon(bare, run_git, site, publish, tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(bare), str(clone)], check=True, capture_output=True)
    run_git(clone, "checkout", "--quiet", "-b", "pages")
    (clone / "CNAME").write_text("okr.example.com\n")
    run_git(clone, "add", "CNAME")
    run_git(clone, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "domain")
    run_git(clone, "push", "--quiet", "origin", "pages")
    publish(f"git+file://{bare}#pages", site("one"))
    assert branch_files(run_git, bare, "pages")["CNAME"] == "okr.example.com"
    assert run_git(bare, "rev-list", "--count", "pages") == "2"


def test_without_history_the_branch_stays_one_commit(bare, run_git, site, publish):
    for version in ("one", "two", "three"):
        publish(f"git+file://{bare}", site(version), keep_history=False)
    assert run_git(bare, "rev-list", "--count", "gh-pages") == "1"
    assert "three" in branch_files(run_git, bare)["index.html"]


def test_a_push_that_came_between_is_built_upon(bare, run_git, site, publish, tmp_path, monkeypatch):
    from okr_reports.deliveries.git_branch import _Repository

    url = f"git+file://{bare}"
    publish(url, site("one"))
    tree_of = _Repository.tree_of

    def meanwhile(self, release, head):
        monkeypatch.setattr(_Repository, "tree_of", tree_of)
        publish_to(url, site("two"), work_dir=tmp_path / "elsewhere")
        return tree_of(self, release, head)

    monkeypatch.setattr(_Repository, "tree_of", meanwhile)
    publish(url, site("three"))
    assert run_git(bare, "rev-list", "--count", "gh-pages") == "3"
    assert "three" in branch_files(run_git, bare)["index.html"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("git+ext://sh -c touch% pwned", "use git.file, git.ssh, git.https"),
        ("git+http://127.0.0.1:9/x.git", "use git.file, git.ssh, git.https"),
        (
            "git+file:///nowhere/at/all.git",
            "no git repository at file:///nowhere/at/all.git .*; create it there",
        ),
        ("git+file:///srv/x.git#--force", "check-ref-format"),
        ("git+file:///srv/x.git#a..b", "check-ref-format"),
    ],
)
def test_a_url_that_is_no_place_for_a_branch(site, publish, url, message):
    with pytest.raises(DeliveryError, match=message):
        publish(url, site("one"))
    with pytest.raises(DeliveryError, match=message):
        check_git(url)


def test_a_host_that_cannot_be_reached_is_said_in_the_words_of_ssh(site, publish):
    if shutil.which("ssh") is None:
        pytest.skip("there is no ssh here")
    with pytest.raises(DeliveryError, match=r"ssh: .*Connection refused.*; fix that and publish again"):
        publish(f"git+ssh://git@127.0.0.1:{free_port()}/x.git", site("one"))


def test_a_push_that_the_host_refuses_is_said_before_its_greetings(bare, site, publish):
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        "#!/bin/sh\nfor i in $(seq 200); do echo Welcome, this is rule $i; done\nexit 1\n", encoding="utf-8"
    )
    hook.chmod(0o755)
    with pytest.raises(DeliveryError, match=r"^git push: ! \[remote rejected\] .*pre-receive hook declined.*Welcome"):
        publish(f"git+file://{bare}", site("one"))


LOCKED = '<!doctype html><meta name="okr-sealed" content="okr-sealed-2"><h1>locked</h1>'


@pytest.fixture
def locked(site):
    release = site("locked")
    for path in release.rglob("*.html"):
        path.write_text(f"{LOCKED}{path.name}")
    return release


def test_a_locked_site_is_not_put_upon_readable_commits(bare, run_git, site, locked, publish):
    url = f"git+file://{bare}"
    publish(url, site("one"))
    with pytest.raises(ClearHistoryError, match="the history of branch gh-pages holds readable copies"):
        publish(url, locked)
    assert run_git(bare, "rev-list", "--count", "gh-pages") == "1"
    publish(url, locked, accept_clear_history=True)
    changed = locked / "index.html"
    changed.write_text(f"{LOCKED}changed")
    with pytest.raises(ClearHistoryError):  # accepted once is not forgotten: the readable commits are still there
        publish(url, locked)
    publish(url, locked, keep_history=False)
    assert run_git(bare, "rev-list", "--count", "gh-pages") == "1"
    changed.write_text(f"{LOCKED}changed again")
    publish(url, locked)
    assert run_git(bare, "rev-list", "--count", "gh-pages") == "2"


@pytest.mark.parametrize("readable_first", [True, False])
def test_commits_of_an_older_version_are_looked_into(bare, run_git, site, locked, publish, tmp_path, readable_first):
    """They say nothing of what came before them."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(bare), str(clone)], check=True, capture_output=True)
    run_git(clone, "checkout", "--quiet", "-b", "gh-pages")
    texts = [*(["<h1>readable</h1>"] if readable_first else []), f"{LOCKED}1", f"{LOCKED}2"]
    for text in texts:
        (clone / "index.html").write_text(text)
        run_git(clone, "add", "--all")
        run_git(clone, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "Publish")
    run_git(clone, "push", "--quiet", "origin", "gh-pages")
    if readable_first:
        with pytest.raises(ClearHistoryError):
            publish(f"git+file://{bare}", locked)
    else:
        publish(f"git+file://{bare}", locked)


def test_the_command_that_rewrites_the_branch_is_printed_and_works(bare, run_git, tmp_path, monkeypatch, site):
    workspace = Workspace(Path("d"), Path("r"), tmp_path / "data")
    workspace.site_dir.mkdir(parents=True)
    (workspace.site_dir / "current").symlink_to(site("one"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DELIVERIES__TARGETS__PAGES__URL", f"git+file://{bare}")
    publish_targets(workspace)
    monkeypatch.setenv("DELIVERIES__TARGETS__PAGES__PASSPHRASE", "cinco palabras al azár")
    with pytest.raises(DeliveryError, match=r"accept_clear_history = true under .deliveries.targets.pages.") as refused:
        publish_targets(workspace)
    command = re.search("`(.+)`", str(refused.value)).group(1)
    assert command == "DELIVERIES__TARGETS__PAGES__KEEP_HISTORY=false okr publish --target pages"
    monkeypatch.setenv("DELIVERIES__TARGETS__PAGES__KEEP_HISTORY", "false")
    publish_targets(workspace, only=["pages"])
    monkeypatch.delenv("DELIVERIES__TARGETS__PAGES__KEEP_HISTORY")
    assert [str(one) for one in publish_targets(workspace)] == ["pages: branch gh-pages unchanged"]
    assert run_git(bare, "rev-list", "--count", "gh-pages") == "1"
