"""Copies the site to a branch of a git repository: one commit where the content changed, none where it did not.

A bare repository below `<data>/deliveries/git/` holds what was fetched, so that each run moves only what is new. The
site's files are never checked out.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from okr_reports.deliveries.plain_text import one_line
from okr_reports.errors import DeliveryError

DEFAULT_BRANCH = "gh-pages"
# `ext::` and others would run commands that the URL names.
TRANSPORTS = ("file", "ssh", "https")
TIMEOUT_SECONDS = 600
# What hosts of static pages want kept (their own domain) and given (no Jekyll, which drops files such as _x).
KEPT = "CNAME"
GIVEN = ".nojekyll"
# Set where this runs inside a hook of git.
_OF_ANOTHER_REPOSITORY = {
    "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR",
    "GIT_NAMESPACE", "GIT_PREFIX",
}  # fmt: skip
_IDENTITY = {"NAME": "okr-reports", "EMAIL": "okr-reports@localhost"}


def publish_git(url: str, release: Path, work_dir: Path, *, keep_history: bool, summary: str) -> str:
    """Make the branch hold exactly the files of `release`; in words what was done.

    `url` is `git+file://`, `git+ssh://` or `git+https://`, its fragment the branch (gh-pages by default; it need not
    exist). Without `keep_history` the branch is one commit, replaced. Credentials are git's own business (ssh agent,
    credential helper). Raises DeliveryError.
    """
    plain, branch = _parsed(url)
    repository = _Repository(work_dir / "git" / hashlib.sha256(plain.encode()).hexdigest()[:16], plain)
    repository.run("check-ref-format", "--branch", branch)

    def attempt(*, may_fail: bool) -> str:
        head = repository.fetch(branch)
        tree = repository.tree_of(release, head)
        if head and repository.run("rev-parse", f"{head}^{{tree}}") == tree:
            return f"branch {branch} unchanged"
        parents = ["-p", head] if head and keep_history else []
        commit = repository.run("commit-tree", tree, *parents, "-m", summary)
        pushed = repository.push(commit, branch, head, may_fail=may_fail)
        return f"branch {branch} at {commit[:12]}" if pushed else ""

    # Another publisher may push between our fetch and our push: then once more on top of theirs.
    return attempt(may_fail=True) or attempt(may_fail=False)


def check_git(url: str) -> None:
    """Ask the repository at `url` (`git+...`) what it holds. Raises DeliveryError where `publish_git` would."""
    plain, branch = _parsed(url)
    with tempfile.TemporaryDirectory() as folder:
        repository = _Repository(Path(folder) / "git", plain)
        repository.run("check-ref-format", "--branch", branch)
        repository.run("ls-remote", "--", plain, "HEAD")


def _parsed(url: str) -> tuple[str, str]:
    """What git is given, and the branch. Raises DeliveryError for a transport that is not safe."""
    plain, _, branch = url.removeprefix("git+").partition("#")
    if urlsplit(plain).scheme not in TRANSPORTS:
        raise DeliveryError(f"git cannot be reached that way; use git+{', git+'.join(TRANSPORTS)}")
    return plain, branch or DEFAULT_BRANCH


class _Repository:
    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        if not (folder / "HEAD").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            self.run("init", "--bare", "--quiet", str(folder))

    def run(self, *arguments: str, work_tree: Path | None = None, index: Path | None = None, stdin: str = "") -> str:
        """What git prints. Raises DeliveryError with git's own last words."""
        environment = {
            **{name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_REPOSITORY},
            "GIT_DIR": str(self.folder.absolute()),
            # No question on a terminal that nobody watches.
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
            **{f"GIT_{role}_{part}": text for role in ("AUTHOR", "COMMITTER") for part, text in _IDENTITY.items()},
        }
        if work_tree and index:
            environment |= {"GIT_WORK_TREE": str(work_tree.absolute()), "GIT_INDEX_FILE": str(index)}
        # The bytes of the site go in as they are, whatever this machine's git is set to.
        settings = ("core.autocrlf=false", "core.hooksPath=/dev/null", "core.attributesFile=/dev/null", "gc.auto=0")
        command = ["git", *(part for setting in settings for part in ("-c", setting)), *arguments]
        try:
            done = subprocess.run(
                command, env=environment, input=stdin, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
            )
        except FileNotFoundError:
            raise DeliveryError("git is not installed; install it, or choose another target") from None
        except subprocess.TimeoutExpired:
            raise DeliveryError(f"git {arguments[0]} took more than {TIMEOUT_SECONDS} s; try again") from None
        if done.returncode:
            raise DeliveryError(f"git {arguments[0]}: {self._words(done.stderr)}; mend that and publish again")
        return done.stdout.strip()

    def fetch(self, branch: str) -> str | None:
        """The commit the branch is at there; None where there is no such branch."""
        listed = self.run("ls-remote", "--", self.url, f"refs/heads/{branch}")
        if not listed:
            return None
        self.run("fetch", "--quiet", "--depth=1", "--force", "--", self.url, f"refs/heads/{branch}:refs/okr/published")
        return self.run("rev-parse", "refs/okr/published")

    def tree_of(self, release: Path, head: str | None) -> str:
        """The release as a tree of git, with what the host wants kept and given."""
        with tempfile.TemporaryDirectory() as folder:
            index = Path(folder) / "index"
            self.run("add", "--all", "--force", ".", work_tree=release, index=index)
            entries = [f"100644 {self.run('hash-object', '-w', '--stdin')}\t{GIVEN}"]
            kept = self.run("ls-tree", head, KEPT) if head and not (release / KEPT).exists() else ""
            if kept:
                entries.append(kept)
            self.run("update-index", "--index-info", work_tree=release, index=index, stdin="\n".join(entries) + "\n")
            return self.run("write-tree", work_tree=release, index=index)

    def push(self, commit: str, branch: str, head: str | None, *, may_fail: bool) -> bool:
        """Move the branch, but only from where it was seen; False if it has moved meanwhile and that `may_fail`."""
        lease = f"--force-with-lease=refs/heads/{branch}:{head or ''}"
        try:
            self.run("push", "--quiet", lease, "--", self.url, f"{commit}:refs/heads/{branch}")
        except DeliveryError:
            if may_fail and self.run("ls-remote", "--", self.url, f"refs/heads/{branch}").split("\t")[0] != (
                head or ""
            ):
                return False
            raise
        return True

    def _words(self, stderr: str) -> str:
        """The last line of what git says, without a password that a URL may hold."""
        lines = [line for line in stderr.splitlines() if line.strip() and not line.startswith("hint:")]
        text = one_line(lines[-1] if lines else "it failed without a word", 300)
        password = urlsplit(self.url).password
        return text.replace(password, "********") if password else text
