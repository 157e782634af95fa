"""Copies the site to a branch of a git repository: one commit where the content changed, none where it did not.

A bare repository below `<data>/deliveries/git/` holds what was fetched, so that each run moves only what is new. The
site's files are never checked out.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import tempfile
from pathlib import Path

from okr_reports.deliveries.configuration import SILENCE_SECONDS
from okr_reports.deliveries.git_access import GitAccess, git_access
from okr_reports.deliveries.plain_text import one_line
from okr_reports.deliveries.site_files import is_sealed, lock_of
from okr_reports.errors import ClearHistoryError, DeliveryError, LockedPlaceError

TIMEOUT_SECONDS = 600
# What hosts of static pages want kept (their own domain) and given (no Jekyll, which drops files such as _x).
KEPT = "CNAME"
GIVEN = ".nojekyll"
# Set where this runs inside a hook of git.
_OF_ANOTHER_REPOSITORY = {
    "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR",
    "GIT_NAMESPACE", "GIT_PREFIX",
}  # fmt: skip
# The trailer of our commits that says whether the branch up to there ever held a site that anybody could read.
_HISTORY = "Okr-History"
_PUBLISHED = "refs/okr/published"
_IDENTITY = {"NAME": "okr-reports", "EMAIL": "okr-reports@localhost"}


def publish_git(
    url: str,
    release: Path,
    work_dir: Path,
    *,
    keep_history: bool,
    summary: str,
    accept_clear_history: bool = False,
    accept_readable: bool = False,
    silence_seconds: float = SILENCE_SECONDS,
) -> str:
    """Make the branch hold exactly the files of `release`; in words what was done.

    `url` is `git+file://`, `git+ssh://` or `git+https://`, its fragment the branch (gh-pages by default; it need not
    exist). Without `keep_history` the branch is one commit, replaced. A user and password of the URL are no argument of
    any process; without them credentials are git's own business (ssh agent, credential helper).

    Raises DeliveryError, as ClearHistoryError if a locked site would be put upon a history that holds readable ones and
    that is not accepted, as LockedPlaceError if a readable one would follow a locked one and that is not accepted.
    """
    access = git_access(url)
    folder = work_dir / "git" / hashlib.sha256(access.url.encode()).hexdigest()[:16]
    repository = _Repository(folder, access, silence_seconds)
    repository.run("check-ref-format", "--branch", access.branch)
    lock = lock_of((release / "index.html").read_bytes())
    locked = bool(lock)

    def attempt(*, may_fail: bool) -> str:
        head = repository.fetch()
        readable = bool(head) and keep_history and repository.history_is_readable(str(head))
        if locked and readable and not accept_clear_history:
            raise ClearHistoryError(access.branch)
        shown = repository.lock_at(head) if head else ""
        if shown and not locked and not accept_readable:
            raise LockedPlaceError(f"branch {access.branch}")
        tree = repository.tree_of(release, head)
        if head and repository.run("rev-parse", f"{head}^{{tree}}") == tree:
            return f"branch {access.branch} unchanged"
        parents = ["-p", head] if head and keep_history else []
        # What the next publication must know of the commits before, without fetching them.
        note = f"{_HISTORY}: {'readable' if readable or not locked else 'locked'}"
        commit = repository.run("commit-tree", tree, *parents, "-m", summary, "-m", note)
        pushed = repository.push(commit, head, may_fail=may_fail)
        other = parents and shown and shown != lock
        more = "; commits before it are locked with another key, keep_history = false replaces them" if other else ""
        return f"branch {access.branch} at {commit[:12]}{more}" if pushed else ""

    # Another publisher may push between our fetch and our push: then once more on top of theirs.
    return attempt(may_fail=True) or attempt(may_fail=False)


def check_git(url: str) -> None:
    """Ask the repository at `url` (`git+...`) what it holds. Raises DeliveryError where `publish_git` would."""
    access = git_access(url)
    with tempfile.TemporaryDirectory() as folder:
        repository = _Repository(Path(folder) / "git", access)
        repository.run("check-ref-format", "--branch", access.branch)
        repository.run("ls-remote", "--", access.url, "HEAD")


# Of what git prints beside what went wrong.
_ADVICE = ("hint:", "To ", "Please make sure you have the correct access rights", "and the repository exists.")


class _Repository:
    def __init__(self, folder: Path, access: GitAccess, silence_seconds: float = SILENCE_SECONDS) -> None:
        self.folder, self.access, self.url = folder, access, access.url
        self.silence_seconds = silence_seconds
        self.ref = f"refs/heads/{access.branch}"
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
            **self.access.environment,
            # Over HTTPS less than this many bytes a second for so long is silence.
            "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
            "GIT_HTTP_LOW_SPEED_TIME": f"{max(self.silence_seconds, 1):.0f}",
        }
        if work_tree and index:
            environment |= {"GIT_WORK_TREE": str(work_tree.absolute()), "GIT_INDEX_FILE": str(index)}
        # The bytes of the site go in as they are, whatever this machine's git is set to.
        settings = ("core.autocrlf=false", "core.hooksPath=/dev/null", "core.attributesFile=/dev/null", "gc.auto=0")
        command = ["git", *(part for setting in settings for part in ("-c", setting)), *arguments]
        # A host that answers lists its commits at once, or never.
        limit = self.silence_seconds if arguments[0] == "ls-remote" else TIMEOUT_SECONDS
        try:
            done = _run(command, environment, stdin, limit)
        except FileNotFoundError:
            raise DeliveryError("git is not installed; install it, or choose another target") from None
        except subprocess.TimeoutExpired:
            raise DeliveryError(
                f"git {arguments[0]}: {self.url} has not answered for {limit:g} s; publish again when it does"
            ) from None
        if done.returncode:
            raise DeliveryError(f"git {arguments[0]}: {self._words(done.stderr)}")
        return done.stdout.strip()

    def fetch(self) -> str | None:
        """The commit the branch is at there; None where there is no such branch."""
        listed = self.run("ls-remote", "--", self.url, self.ref)
        if not listed:
            return None
        self.run("fetch", "--quiet", "--depth=1", "--force", "--", self.url, f"{self.ref}:{_PUBLISHED}")
        return self.run("rev-parse", _PUBLISHED)

    def history_is_readable(self, head: str) -> bool:
        """Whether a commit up to `head` holds a site that is not locked; our own last commit says so itself."""
        noted = self.run("log", "-1", f"--format=%(trailers:key={_HISTORY},valueonly)", head)
        if noted:
            return noted != "locked"
        depth = ["--unshallow"] if (self.folder / "shallow").exists() else []
        self.run("fetch", "--quiet", *depth, "--force", "--", self.url, f"{self.ref}:{_PUBLISHED}")
        commits = self.run("rev-list", head).split()
        pages = (self.run("cat-file", "--batch", stdin=f"{commit}:index.html\n") for commit in commits)
        return any(not page.endswith("missing") and not is_sealed(page.encode()) for page in pages)

    def lock_at(self, commit: str) -> str:
        """What the front page of a commit is locked with; '' where anybody can read it, or there is none."""
        return lock_of(self.run("cat-file", "--batch", stdin=f"{commit}:index.html\n").encode())

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

    def push(self, commit: str, head: str | None, *, may_fail: bool) -> bool:
        """Move the branch, but only from where it was seen; False if it has moved meanwhile and that `may_fail`."""
        lease = f"--force-with-lease={self.ref}:{head or ''}"
        try:
            self.run("push", "--quiet", lease, "--", self.url, f"{commit}:{self.ref}")
        except DeliveryError:
            if may_fail and self.run("ls-remote", "--", self.url, self.ref).split("\t")[0] != (head or ""):
                return False
            raise
        return True

    def _words(self, stderr: str) -> str:
        """What git says, in one sentence and without a password."""
        lines = [line for line in stderr.splitlines() if line.strip() and not line.startswith(_ADVICE)]
        # What ssh and git say before what the host says, which may be a page of greetings.
        lines.sort(key=lambda line: line.startswith("remote:"))
        text = one_line("; ".join(line.strip() for line in lines) or "it failed without a word", 300)
        for secret in self.access.environment.values():
            text = text.replace(secret, "********") if len(secret) >= 6 else text
        if any(sign in text for sign in ("does not appear to be a git repository", "not found", "does not exist")):
            return f"there is no git repository at {self.url} ({text}); create it there, or set the target's url right"
        return f"{text}; fix that and publish again"


def _run(command: list[str], environment: dict[str, str], stdin: str, limit: float) -> subprocess.CompletedProcess[str]:
    """Run git; at the limit it ends with the programs it has started, which hold the connection."""
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # what others put upon the branch is in any encoding
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(stdin, timeout=limit)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(command, process.returncode, out, err)
