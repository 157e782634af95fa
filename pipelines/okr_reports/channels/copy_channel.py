"""`make channel name=x`: a new channel from a living one, with its stand-in, staging models, presets and tests.

The copy works at once, against its own copy of the stand-in; what the vendor does otherwise is then changed in it. It
needs a checkout of the repository.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

LIVING = "tiktok_ads"
# What the copied files call the living channel, the longest first.
_WORDS = ("business-api.tiktok.com", "TIKTOK_ADS", "tiktok_ads", "TikTokAds", "TikTok Ads", "TikTok", "tiktok")
_FOLDERS = ("pipelines/okr_reports/channels", "dbt_project/models/staging")
_FILES = ("pipelines/okr_reports/sandbox/{}*.py", "tests/channels/test_{}.py", "okr_definitions/kpis/{}.yml")
_BLOCKS = ("pipelines/okr_reports/sandbox/profiles.py", "tests/channels/descriptions.py")
_SECRETS, _STAND_INS, _VARS = (
    ".dlt/example.secrets.toml",
    "pipelines/okr_reports/sandbox/serve.py",
    "dbt_project/dbt_project.yml",
)


def copy_channel(root: Path, name: str) -> list[Path]:
    """Make the channel `name` in the repository at `root`; every file made or changed, relative to it.

    Raises ValueError for a name that cannot be one or is taken; then nothing is written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > 40:
        raise ValueError(f"{name!r} cannot be a channel's name; write it like {LIVING}, in at most 40 characters")
    if (root / "pipelines" / "okr_reports" / "channels" / name).exists():
        raise ValueError(f"there is a channel {name} already; take another name")
    written = dict(_copies(root, name))
    for place in _BLOCKS:
        written[root / place] = _with_block(root / place, rf'    "{LIVING}": .*?\n    \),\n', name)
    written[root / _SECRETS] = _with_block(root / _SECRETS, rf"\[sources\.{LIVING}\.credentials\]\n.*?\n\n", name)
    serve = (root / _STAND_INS).read_text(encoding="utf-8")
    serve = serve.replace(f"    {LIVING},\n)", f"    {LIVING},\n    {name},\n)", 1)
    serve = re.sub(r"^STAND_INS = \((.*?)\)", rf"STAND_INS = (\1, {name})", serve, count=1, flags=re.M | re.S)
    written[root / _STAND_INS] = serve
    listed = (root / _VARS).read_text(encoding="utf-8")
    written[root / _VARS] = listed.replace(f" {LIVING}, files]", f" {LIVING}, {name}, files]", 1)
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return sorted(path.relative_to(root) for path in written)


def _copies(root: Path, name: str) -> Iterator[tuple[Path, str]]:
    sources = [path for folder in _FOLDERS for path in sorted((root / folder / LIVING).glob("*")) if path.is_file()]
    sources += [path for place in _FILES for path in sorted(root.glob(place.format(LIVING)))]
    for path in sources:
        copied = Path(*(part.replace(LIVING, name) for part in path.relative_to(root).parts))
        yield root / copied, _renamed(path.read_text(encoding="utf-8"), name)


def _with_block(path: Path, block: str, name: str) -> str:
    """The file with the living channel's block a second time, renamed, behind the first."""
    text = path.read_text(encoding="utf-8")
    found = re.search(block, text, re.S)
    if found is None:
        raise ValueError(f"{path} has no block of {LIVING} to copy; fix _BLOCKS in copy_channel.py")
    return text[: found.end()] + _renamed(found[0], name) + text[found.end() :]


def _renamed(text: str, name: str) -> str:
    title = " ".join(word.capitalize() for word in name.split("_"))
    camel = title.replace(" ", "")
    host = f"api.{name.replace('_', '-')}.example"
    renamed = dict(zip(_WORDS, (host, name.upper(), name, camel, title, title, name), strict=True))
    return re.sub("|".join(map(re.escape, _WORDS)), lambda found: renamed[found[0]], text)


def main(name: str = "") -> int:
    """`make channel name=...`: copy, and say what was made; the exit code."""
    try:
        made = copy_channel(Path.cwd(), name)
    except (ValueError, OSError) as problem:
        print(f"make channel name=...: {problem}", file=sys.stderr)
        return 2
    print("\n".join(map(str, made)))
    print(f"\nmade as a copy of {LIVING}; it passes: .venv/bin/python -m pytest tests/channels -k {name}")
    places = f"pipelines/okr_reports/channels/{name}/ and pipelines/okr_reports/sandbox/{name}.py"
    print(f"next: what its vendor does otherwise, in {places}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
