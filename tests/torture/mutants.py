"""Mutation testing of the models' SQL: `make mutants [COUNT=80] [SEED=0]`.

One mistake at a time is made in a copy of the project - a sign, a kind of join, an off-by-one day, a dropped filter, a
sum where a ratio belongs - and the tests of the models are run over it until one fails. A mutant that no test notices
survives and is printed with its place; the exit code is 1 if more than one in twenty does.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ENOUGH = 0.95
COPIED = ("pipelines", "dbt_project", "tests", "okr_definitions", "reports", "pyproject.toml")
# Models of pure bookkeeping decide what is computed again, not what a number is; staging is held by tests/channels/.
MUTATED = ("dbt_project/models/intermediate", "dbt_project/models/marts", "dbt_project/macros")
LEFT_OUT = re.compile(
    r"macros/(dialect|materializations)/|words\.sql|reasons\.sql|generate_schema|persist_docs|test_key"
)

# By class of mistake: what is looked for and what it becomes.
OPERATORS: dict[str, list[tuple[str, str]]] = {
    "sign": [
        (r"(?<=[\w)]) \+ (?=[\w(])", " - "),
        (r"(?<=[\w)]) - (?=[\w(])", " + "),
        (r"(?<!select)(?<=[\w)]) \* (?=[\w(])", " / "),
    ],
    "join": [(r"\bleft join\b", "inner join"), (r"\binner join\b", "left join")],
    "off by one": [
        (r" >= ", " > "),
        (r" <= ", " < "),
        (r" < ", " <= "),
        (r"(?<!-) > ", " >= "),
        (r"dateadd\('day', (-?)1,", r"dateadd('day', \g<1>2,"),
    ],
    "dropped filter": [
        (r"(?m)^(\s+)where (?=[a-z_.]+ )[^\n(]+$", r"\1where true"),
        (r"(?m)^(\s+)and [a-z_.]+ (=|<>|>=|<=|in) [^\n(]+$", r"\1and true"),
    ],
    "ratio": [
        (r"quotient\('([^']+)', '([^']+)'\)", r"to_double('\1')"),
        (r"\bsum\(", "max("),
        (r"\bavg\(", "sum("),
        (r"\bmax\(", "min("),
        (r"\bmin\(", "max("),
    ],
    "null": [
        (r"coalesce\((?=[a-z_.]+, (0|false|0\.0|1|1\.0)\))([a-z_.]+), [^)]+\)", r"\2"),
        (r"\bis not null\b", "is null"),
    ],
}

# The file of tests that is likely to notice, run before the others.
NEAREST = (
    (r"forecast|forget|digest|changed|transformed|input_state", "test_incremental.py"),
    (r"source|load_event|known_account|account_retired|freshness|coverage|missing", "test_sources.py"),
    (r"kpi|measure_daily|exchange|ad_daily|dim_|campaign|interval|unlisted", "test_kpis.py"),
    (r"target|baseline|reported|version", "test_memory.py"),
    (
        r"voice|confidence|objective_now|key_results|objectives|pace|check_in|note|initiatives|milestones",
        "test_words.py",
    ),
)
ORDER = (
    "test_kpis.py", "test_sources.py", "test_words.py", "test_memory.py", "test_scoring_cases.py",
    "test_scoring_properties.py", "test_forecast.py", "test_incremental.py",
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One mistake: `before` at `start` of `path` (relative to the project) becomes `after`."""

    path: str
    start: int
    before: str
    after: str
    kind: str

    def __str__(self) -> str:
        line = (ROOT / self.path).read_text(encoding="utf-8").count("\n", 0, self.start) + 1
        return f"{self.path}:{line}: {self.kind}: {self.before.strip()!r} -> {self.after.strip()!r}"

    def applied(self) -> str:
        text = (ROOT / self.path).read_text(encoding="utf-8")
        return text[: self.start] + self.after + text[self.start + len(self.before) :]


def mutants() -> Iterator[Mutant]:
    """Every mistake that the operators can make, comments and configuration left alone."""
    for folder in MUTATED:
        for path in sorted((ROOT / folder).rglob("*.sql")):
            name = path.relative_to(ROOT).as_posix()
            if LEFT_OUT.search(name):
                continue
            text = path.read_text(encoding="utf-8")
            silent = [
                found.span() for found in re.finditer(r"\{#.*?#\}|--[^\n]*|'[^'\n]* [^'\n]*'(?=[,\]])", text, re.S)
            ]
            for kind, rules in OPERATORS.items():
                for pattern, after in rules:
                    for found in re.finditer(pattern, text):
                        if not any(start <= found.start() < end for start, end in silent):
                            yield Mutant(name, found.start(), found.group(), found.expand(after), kind)


def sample(count: int, seed: int) -> list[Mutant]:
    """`count` of them, the classes in turn, files as different as can be."""
    chosen: list[Mutant] = []
    by_kind: dict[str, list[Mutant]] = {kind: [] for kind in OPERATORS}
    for mutant in mutants():
        by_kind[mutant.kind].append(mutant)
    generator = random.Random(seed)
    seen: Counter[str] = Counter()
    for found in by_kind.values():
        generator.shuffle(found)
    while len(chosen) < count and any(by_kind.values()):
        for found in by_kind.values():
            if found and len(chosen) < count:
                found.sort(key=lambda mutant: seen[mutant.path])
                chosen.append(found.pop(0))
                seen[chosen[-1].path] += 1
    return chosen


def copy_project(folder: Path) -> None:
    """A project of its own whose tests keep their warehouse, so that dbt parses only what a mutant changed."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
        else:
            shutil.copy(ROOT / name, folder / name)
    conftest = folder / "tests" / "dbt_project" / "conftest.py"
    text = conftest.read_text(encoding="utf-8")
    kept = text.replace('tmp_path_factory.mktemp("models")', f'__import__("pathlib").Path({str(folder / "kept")!r})')
    assert kept != text, "the tests of the models make their warehouse in another way now"
    conftest.write_text(kept, encoding="utf-8")


def tests_of(mutant: Mutant | None) -> list[str]:
    """The files of tests, the one that is likely to notice first."""
    name = Path(mutant.path).name if mutant else ""
    first = next((file for pattern, file in NEAREST if re.search(pattern, name)), "test_scoring_properties.py")
    return [f"tests/dbt_project/{file}" for file in dict.fromkeys((first, *ORDER))]


def noticed(files: list[str], log: Path) -> bool:
    """Whether a test of `files` fails, in a process of its own; the copy is the working directory."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
    import pytest

    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    (Path.cwd() / "kept" / "warehouse.duckdb").unlink(missing_ok=True)
    os._exit(int(pytest.main(["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--tb=line", *files])))


def run(chosen: list[Mutant], folder: Path) -> list[Mutant]:
    """The survivors, each mutant reported as it ends."""
    survivors = []
    for number, mutant in enumerate(chosen, 1):
        place = folder / mutant.path
        before = place.read_text(encoding="utf-8")
        began = time.monotonic()
        place.write_text(mutant.applied(), encoding="utf-8")
        caught = noticed(tests_of(mutant), folder / "last.log")
        place.write_text(before, encoding="utf-8")
        if not caught:
            survivors.append(mutant)
        word = "caught  " if caught else "SURVIVED"
        print(f"{number:3} {word} {time.monotonic() - began:5.0f} s  {mutant}", flush=True)
    return survivors


def main() -> int:
    parser = argparse.ArgumentParser(description="mutation testing of the models' SQL")
    parser.add_argument("--count", type=int, default=80)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--skip", type=int, default=0, help="leave out the first ones: go on where a run broke off")
    parser.add_argument("--only", default="", help="only mutants whose place contains this")
    parser.add_argument("--list", action="store_true", help="say which mutants there are and run none")
    options = parser.parse_args()
    chosen = [mutant for mutant in sample(options.count, options.seed) if options.only in str(mutant)][options.skip :]
    if options.list:
        print(*chosen, f"{len(list(mutants()))} could be made", sep="\n")
        return 0
    with tempfile.TemporaryDirectory(prefix="okr-mutants-") as name:
        folder = Path(name)
        copy_project(folder)
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        if noticed(tests_of(None), folder / "last.log"):
            print(
                (folder / "last.log").read_text(encoding="utf-8")[-3000:], "the tests fail without any mutant", sep="\n"
            )
            return 2
        survivors = run(chosen, folder)
    caught = len(chosen) - len(survivors)
    print(f"{caught} of {len(chosen)} mutants caught ({caught / max(len(chosen), 1):.1%}), seed {options.seed}")
    print(*(f"survived: {mutant}" for mutant in survivors), sep="\n")
    return 0 if caught >= ENOUGH * len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
