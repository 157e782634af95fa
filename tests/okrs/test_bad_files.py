"""Hostile and broken files: each refused at its line, quickly and in little memory. `bad/expected.txt` says how."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("*.yml"))
EXPECTED = dict(line.split(":", 1) for line in (BAD / "expected.txt").read_text(encoding="utf-8").splitlines())


def without_settings(base: str) -> str:
    return "".join(line for line in base.splitlines(keepends=True) if not line.startswith("settings:"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_file_is_refused_at_its_line(folder, path):
    shutil.copy(path, folder.path / path.name)
    if path.read_bytes().startswith(b"settings:\n"):
        base = folder.path / "base.yml"
        base.write_text(without_settings(base.read_text(encoding="utf-8")), encoding="utf-8")
    definitions, _ = folder.check()
    assert definitions is None
    assert any(found.startswith(f"{path.name}:{EXPECTED[path.name]}; ") for found in folder.findings())


def test_every_bad_file_has_its_words_and_there_are_forty():
    assert sorted(EXPECTED) == [path.name for path in FILES]
    assert len(FILES) >= 40


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"teams:\n" + b"# filler\n" * 40_000, "big.yml:1: error: the file is larger than 256 kB"),
        (b"[" * 200_000, "big.yml:1: error: more than 20 levels are nested"),
        (b"teams:\n- id: one\n" + b"  x: 1\n" * 30_000, "big.yml:4: error: the key `x` is written twice, first"),
        (b"teams:\n- id: one\n  title: " + b"a" * 200_000 + b"\x00", "big.yml:3: error: the control character U+0000"),
    ],
    ids=["too_large", "brackets", "duplicates", "nul_at_the_end"],
)
def test_a_large_hostile_file_is_refused(folder, content, expected):
    folder.write("big.yml", content)
    assert any(found.startswith(expected) for found in folder.findings())


def test_each_is_refused_within_a_second_and_200_megabytes(folder, tmp_path):
    """All in one process, whose peak bounds each of them; seconds of its own time, as tests share the machine."""
    huge = {
        "braces": b"{" * 250_000,
        "quotes": b"teams: " + b"'" * 240_000,
        "unknown_keys": b"teams:\n- id: one\n" + b"".join(b"  k%d: 1\n" % number for number in range(15_000)),
        "many_entries": b"teams:\n" + b"- a\n" * 60_000,
        "question_marks": b"? " * 120_000,
        "dashes": b"- " * 120_000,
        "folded": b"teams:\n- id: one\n  title: >\n" + b"\n" * 240_000,
    }
    (tmp_path / "huge").mkdir()
    for name, content in huge.items():
        (tmp_path / "huge" / f"{name}.yml").write_bytes(content)
    program = """
        import json, sys, time
        from datetime import date
        from pathlib import Path
        from tempfile import TemporaryDirectory
        from okr_reports.okrs import check
        check(Path("nowhere"), today=date(2026, 11, 23))  # imports pydantic
        slowest = {}
        base = Path(sys.argv[1]).read_bytes()
        for path in map(Path, sys.argv[2:]):
            with TemporaryDirectory() as folder:
                (Path(folder) / "base.yml").write_bytes(base)
                (Path(folder) / path.name).write_bytes(path.read_bytes())
                start = time.process_time()
                definitions, findings = check(Path(folder), today=date(2026, 11, 23))
                slowest[path.stem] = time.process_time() - start
                assert findings, path
        # Not ru_maxrss: a child inherits the peak of the process that started it.
        peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
        print(json.dumps([slowest, int(peak.split()[1]) / 1024]))
    """
    paths = [str(path) for path in [folder.path / "base.yml", *FILES, *sorted(tmp_path.glob("huge/*.yml"))]]
    answer = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *paths], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    seconds, megabytes = json.loads(answer.stdout)
    assert {name: took for name, took in seconds.items() if took >= 1} == {}
    assert megabytes < 200
