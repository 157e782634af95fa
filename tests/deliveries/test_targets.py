"""Copies of a site on real places: folders killed in the middle, an S3 server as a process, a bare git repository."""

from __future__ import annotations

import errno
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest

from pipelines.deliveries.commands import publish_targets
from pipelines.deliveries.site_files import IMMUTABLE, site_files
from pipelines.deliveries.sync import MANIFEST
from pipelines.deliveries.targets import publish_to
from pipelines.errors import DeliveryError
from pipelines.settings import Workspace

ROOT = Path(__file__).parents[2]
KEYS = {"key": "canary-access-key", "secret": "canary/secret+key"}


def write_site(folder: Path, version: str, pages: int = 3) -> Path:
    """A site whose every page says `version`; the style sheet's name holds its content's hash."""
    import hashlib

    shutil.rmtree(folder, ignore_errors=True)
    style = f"/* {version} */".encode()
    files = {
        "index.html": f"<h1>{version}</h1>",
        f"assets/site.{hashlib.sha256(style).hexdigest()[:10]}.css": style.decode(),
        "data/key_results.csv": f"id,version\nk,{version}\n",
        "data/20261123.json": json.dumps(version),
        "data/objectives.xlsx": "PK",
        "same.html": "never changes",
        **{f"key-results/k{number}/index.html": f"<p>{version} {number}</p>" for number in range(pages)},
        **{f"only-in-{version}/index.html": version},
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


@pytest.fixture
def site(tmp_path):
    return lambda version, **more: write_site(tmp_path / f"release-{version}", version, **more)


@pytest.fixture
def publish(tmp_path):
    return lambda url, release, **options: publish_to(str(url), release, work_dir=tmp_path / "work", **options)


# folders


def test_a_new_folder_is_a_link_that_moves_from_release_to_release(site, publish, tmp_path):
    target = tmp_path / "www"
    for version in ("one", "two"):
        assert "new release, linked" in publish(target, site(version))
        assert target.is_symlink()
        assert content(target) == content(tmp_path / f"release-{version}")
    assert publish(f"file://{target}", tmp_path / "release-two") == "10 files unchanged"
    assert not target.readlink().is_absolute()


def test_old_releases_go_and_a_damaged_one_is_mended(site, publish, tmp_path):
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

    code = "import sys; from pathlib import Path; from pipelines.deliveries.folder import publish_folder\n"
    code += "from pipelines.deliveries.site_files import site_files\nprint(flush=True); sys.stdin.readline()\n"
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
    code = "import os, sys; from pathlib import Path; from pipelines.deliveries import folder\n"
    code += "from pipelines.deliveries.site_files import site_files\nwrite = folder._Folder.write\n"
    code += "def dying(self, name, *rest):\n    os._exit(9) if name == 'index.html' else write(self, name, *rest)\n"
    code += "folder._Folder.write = dying\nfolder.publish_folder(Path(sys.argv[1]), site_files(Path(sys.argv[2])))"
    assert subprocess.run([sys.executable, "-c", code, str(target), str(release)], cwd=ROOT).returncode == 9
    assert "one" in (target / "index.html").read_text()
    publish(target, release)
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


def test_pages_come_after_what_they_need_and_the_front_page_last(site):
    names = [one.name for one in site_files(site("one"))]
    kinds = [0 if not name.endswith(".html") else 2 if name == "index.html" else 1 for name in names]
    assert kinds == sorted(kinds)
    assert names[-1] == "index.html"


# object stores


@pytest.fixture(scope="module")
def s3():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1",
        aws_access_key_id=KEYS["key"], aws_secret_access_key=KEYS["secret"],
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    client.create_bucket(Bucket="reports")
    yield client, {"endpoint_url": url, **KEYS}
    process.terminate()
    process.wait(10)


def objects(client, prefix: str) -> dict[str, str]:
    listed = client.list_objects_v2(Bucket="reports", Prefix=prefix).get("Contents", [])
    return {
        one["Key"].removeprefix(prefix): client.get_object(Bucket="reports", Key=one["Key"])["Body"].read().decode()
        for one in listed
        if not one["Key"].endswith(MANIFEST)
    }


def test_a_bucket_holds_the_site_and_nothing_stale(s3, site, publish):
    client, options = s3
    client.put_object(Bucket="reports", Key="okr/robots.txt", Body=b"somebody else's")
    client.put_object(Bucket="reports", Key="okr2/index.html", Body=b"another site")
    assert publish("s3://reports/okr", site("one"), options=options) == "10 files written, 0 deleted, 0 unchanged"
    assert publish("s3://reports/okr/", site("one"), options=options) == "0 files written, 0 deleted, 10 unchanged"
    assert publish("s3://reports/okr", site("two"), options=options) == "8 files written, 2 deleted, 2 unchanged"
    assert objects(client, "okr/") == {**content(site("two")), "robots.txt": "somebody else's"}
    assert objects(client, "okr2/") == {"index.html": "another site"}


def test_objects_have_their_types_and_cache_headers(s3, site, publish):
    client, options = s3
    publish("s3://reports/headers", site("one"), options=options)
    heads = {
        one.name: client.head_object(Bucket="reports", Key=f"headers/{one.name}") for one in site_files(site("one"))
    }
    style = next(name for name in heads if name.endswith(".css"))
    assert {name: head["CacheControl"] for name, head in heads.items() if name != style} == dict.fromkeys(
        [name for name in heads if name != style], "no-cache"
    )
    assert heads[style]["CacheControl"] == IMMUTABLE
    assert heads["index.html"]["ContentType"] == "text/html; charset=utf-8"
    assert heads[style]["ContentType"] == "text/css; charset=utf-8"
    assert heads["data/key_results.csv"]["ContentType"] == "text/csv; charset=utf-8"
    assert heads["data/objectives.xlsx"]["ContentType"].startswith("application/vnd.openxmlformats")


def test_an_object_that_vanished_is_put_back(s3, site, publish):
    client, options = s3
    publish("s3://reports/mend", site("one"), options=options)
    client.delete_object(Bucket="reports", Key="mend/same.html")
    assert publish("s3://reports/mend", site("one"), options=options) == "1 files written, 0 deleted, 9 unchanged"
    assert objects(client, "mend/") == content(site("one"))


def test_a_failure_says_where_and_shows_no_key(s3, site, publish):
    _, options = s3
    with pytest.raises(DeliveryError) as failure:
        publish("s3://no-such-bucket/okr", site("one"), options=options)
    assert "check the target's url" in str(failure.value)
    gone = {"endpoint_url": "http://127.0.0.1:1", "config_kwargs": {"retries": {"max_attempts": 0}}}
    with pytest.raises(DeliveryError) as refused:
        publish("s3://reports/okr", site("one"), options={**options, **gone})
    assert "127.0.0.1:1" in str(refused.value)
    assert not [key for key in KEYS.values() if key in str(failure.value) + str(refused.value)]


def test_any_store_of_fsspec_takes_it(site, publish):
    said = publish("memory://reports/okr", site("one"))
    assert said == "10 files written, 0 deleted, 0 unchanged; memory keeps its own content types and cache headers"
    with pytest.raises(DeliveryError, match="Protocol not known"):
        publish("nothing://reports/okr", site("one"))


# git


@pytest.fixture
def bare(tmp_path, run_git):
    folder = tmp_path / "site.git"
    folder.mkdir()
    run_git(folder, "init", "--bare", "--quiet")
    return folder


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
    from pipelines.deliveries.git_branch import _Repository

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
        ("git+file:///nowhere/at/all.git", "git ls-remote: .*mend that and publish again"),
        ("git+file:///srv/x.git#--force", "check-ref-format"),
        ("git+file:///srv/x.git#a..b", "check-ref-format"),
    ],
)
def test_a_url_that_is_no_place_for_a_branch(site, publish, url, message):
    with pytest.raises(DeliveryError, match=message):
        publish(url, site("one"))


# the command


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
