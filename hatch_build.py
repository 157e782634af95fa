"""The commit that a wheel is built from, written into it: `okr --version` names it where no checkout is near.

From git, or from OKR_COMMIT where the build has no repository (a container). Without either the wheel says its version.
"""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CommitHook(BuildHookInterface):
    """Adds the file `okr_reports/commit` to a wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is built; an editable installation asks the checkout itself."""
        commit = os.environ.get("OKR_COMMIT") or _described(Path(self.root))
        if version == "editable" or not commit:
            return
        folder = Path(tempfile.mkdtemp(prefix="okr-commit-"))
        (folder / "commit").write_text(commit + "\n", encoding="utf-8")
        build_data["force_include"][str(folder / "commit")] = "okr_reports/commit"


def _described(root: Path) -> str:
    if not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
