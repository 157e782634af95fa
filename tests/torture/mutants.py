"""Mutation testing of the models' SQL: `make mutants [COUNT=80] [SEED=0]`.

One mistake at a time is made in what dbt has parsed - a sign, a kind of join, an off-by-one day, a dropped filter, a
sum where a ratio belongs - and the tests of the models are run over it until one fails. No file is changed. A mutant
that no test notices survives and is printed with its place; the exit code is 1 if more than one in twenty does.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.settings import Workspace

ROOT = Path(__file__).parent.parent.parent
ENOUGH = 0.95
# Seconds: a mutant that computes without end is noticed too.
PATIENCE = 3600
# Of a child that never came to run the tests.
BROKEN = 77
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
    (r"forecast", "test_forecast.py"),
    (r"source|load_event|known_account|account_retired|freshness|coverage", "test_sources.py"),
    (r"kpi_|measure_daily|exchange|missing|ad_daily|dim_|campaign|interval|unlisted|conditions", "test_kpis.py"),
    (r"resolved|reported|version", "test_memory.py"),
    (
        r"voice|confidence|objective_now|key_results|objectives|pace|check_in|note|initiatives|milestones",
        "test_words.py",
    ),
)
# Then those that see most for their time: from one run of the models to thirty.
ORDER = (
    "test_scoring_cases.py", "test_scoring_properties.py", "test_kpis.py", "test_forecast.py", "test_sources.py",
    "test_words.py", "test_memory.py", "test_incremental.py",
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One mistake: `before` at `start` of `path` (relative to the project) becomes `after`."""

    path: str
    start: int
    before: str
    after: str
    kind: str
    text: str

    def __str__(self) -> str:
        line = self.text.count("\n", 0, self.start) + 1
        return f"{self.path}:{line}: {self.kind}: {self.before.strip()!r} -> {self.after.strip()!r}"


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
                            yield Mutant(name, found.start(), found.group(), found.expand(after), kind, text)


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


def tests_of(mutant: Mutant | None) -> list[str]:
    """The files of tests, the one that is likely to notice first."""
    name = Path(mutant.path).name if mutant else ""
    first = next((file for pattern, file in NEAREST if re.search(pattern, name)), "test_scoring_cases.py")
    return [f"tests/dbt_project/{file}" for file in dict.fromkeys((first, *ORDER))]


def parsed(folder: Path) -> Any:
    """dbt's manifest of the project as it is; everything the tests import is imported here, once for all children."""
    import hypothesis  # noqa: F401
    import pytest  # noqa: F401

    from pipelines.warehouse import transform
    from tests.dbt_project.warehouse import Warehouse

    child = os.fork()
    if not child:
        # An empty warehouse, which the children find. Not made here: what DuckDB has running does not survive a fork.
        Warehouse(folder, date(2026, 11, 23))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    workspace = Workspace(folder / "okr_definitions", folder / "reports", folder)
    return transform.invoke(workspace, ["parse"]).result


def changed(manifest: Any, mutant: Mutant) -> None:
    """Put the mistake into the manifest, where dbt takes the text of models and macros from."""
    path = mutant.path.removeprefix("dbt_project/")
    found = 0
    for one in (*manifest.nodes.values(), *manifest.macros.values()):
        if one.package_name != "okr_reports" or one.original_file_path != path:
            continue
        field = "raw_code" if hasattr(one, "raw_code") else "macro_sql"
        text = getattr(one, field)
        start = mutant.text.find(text.strip())
        at = mutant.start - start
        if start >= 0 and 0 <= at < len(text):
            text = text.strip()
            assert text[at:].startswith(mutant.before), mutant
            setattr(one, field, text[:at] + mutant.after + text[at + len(mutant.before) :])
            found += 1
    assert found == 1, f"{mutant} is in {found} places of the manifest"


def uncompiled(manifest: Any) -> Any:
    """The manifest without what the last run compiled and left in it."""
    for node in manifest.nodes.values():
        if hasattr(node, "compiled"):
            node.compiled, node.compiled_code, node.extra_ctes, node.extra_ctes_injected = False, None, [], False
            node._pre_injected_sql = None
    return manifest


def noticed(mutant: Mutant | None, manifest: Any, log: Path) -> bool:
    """Whether a test fails with the mistake made, in a process of its own."""
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == BROKEN:
            raise RuntimeError(log.read_text(encoding="utf-8")[-3000:])
        return code != 0
    code = BROKEN
    try:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        signal.alarm(PATIENCE)
        if mutant:
            changed(manifest, mutant)
        import dbt.cli.main
        import pytest

        runner = dbt.cli.main.dbtRunner
        dbt.cli.main.dbtRunner = lambda **more: runner(uncompiled(manifest), **more)
        code = int(
            pytest.main(
                ["-x", "-q", "-n", "0", "-W", "default", "-p", "no:cacheprovider", "--tb=line", *tests_of(mutant)]
            )
        )
    except BaseException:
        traceback.print_exc()
    finally:
        # Never back into the parent's code.
        os._exit(code)


def run(chosen: list[Mutant], manifest: Any, folder: Path) -> list[Mutant]:
    """The survivors, each mutant reported as it ends."""
    survivors = []
    for number, mutant in enumerate(chosen, 1):
        began = time.monotonic()
        log = folder / "last.log"
        caught = noticed(mutant, manifest, log)
        if not caught:
            survivors.append(mutant)
        by = re.search(r"FAILED tests/dbt_project/(\S+)|ERROR tests/dbt_project/(\S+)", log.read_text(encoding="utf-8"))
        word = f"caught by {by[1] or by[2]}" if caught and by else "caught by its end" if caught else "SURVIVED"
        print(f"{number:3} {time.monotonic() - began:5.0f} s  {mutant}: {word}", flush=True)
    return survivors


def main() -> int:
    parser = argparse.ArgumentParser(description="mutation testing of the models' SQL")
    parser.add_argument("--count", type=int, default=80)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--skip", type=int, default=0, help="leave out the first ones")
    parser.add_argument("--step", type=int, default=1, help="take every n-th, so that several processes share the work")
    parser.add_argument("--only", default="", help="only mutants whose place contains this")
    parser.add_argument("--list", action="store_true", help="say which mutants there are and run none")
    parser.add_argument("--unproved", action="store_true", help="take it that the tests pass without a mutant")
    options = parser.parse_args()
    chosen = [mutant for mutant in sample(options.count, options.seed) if options.only in str(mutant)]
    chosen = chosen[options.skip :: options.step]
    if options.list:
        print(*chosen, f"{len(list(mutants()))} could be made", sep="\n")
        return 0
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(prefix="okr-mutants-") as name:
        folder = Path(name)
        os.environ |= {"OKR_TEST_MODELS": name, "OKR_TEST_OBJECTIVES": "300"}
        manifest = parsed(folder)
        if not options.unproved and noticed(None, manifest, folder / "last.log"):
            print(
                (folder / "last.log").read_text(encoding="utf-8")[-3000:], "the tests fail without a mutant", sep="\n"
            )
            return 2
        survivors = run(chosen, manifest, folder)
    caught = len(chosen) - len(survivors)
    print(f"{caught} of {len(chosen)} mutants caught ({caught / max(len(chosen), 1):.1%}), seed {options.seed}")
    print(*(f"survived: {mutant}" for mutant in survivors), sep="\n")
    return 0 if caught >= ENOUGH * len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
