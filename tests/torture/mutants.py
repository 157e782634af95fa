"""Mutation testing of the models' SQL: `make mutants`.

One mistake at a time is made in what dbt has parsed - a sign, a kind of join, an off-by-one day, a dropped filter, a
sum where a ratio belongs - and the tests of the models are run over it until one fails. No file is changed. A mutant
that no test notices survives and is printed with its place; the exit code is 1 if more than one in twenty does.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from okr_reports.settings import Workspace

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
    r"|ad_campaigns|action_types|files_rows"
)
# Comments, words in quotes, and what only Spark runs (`make test-spark` compares that with DuckDB, number by number).
SILENT = re.compile(r"\{#.*?#\}|--[^\n]*|'[^'\n]* [^'\n]*'(?=[,\]])|\{%-? macro spark__.*?endmacro -?%\}", re.S)

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

# The file of tests that is likely to notice, run before the others; the first pattern that is found counts.
NEAREST = (
    (r"forecasts/|forecast", "test_forecast.py"),
    (r"reasons/|drivers", "test_drivers.py"),
    (r"gate|marts/objectives|int_objectives_dated", "test_gate.py"),
    (r"readings_matched|sources_matched|kpi_days_valued", "test_people.py"),
    (r"weeks_kept", "test_scoring_cases.py"),
    (r"targets_resolved|seasons|weeks|interval_values", "test_scoring_properties.py"),
    (r"targets/|reported|version|baseline|target", "test_memory.py"),
    (r"measures/|carried|digest|forget", "test_incremental.py"),
    (r"sources/|kpis_covered|report_context", "test_sources.py"),
    (r"kpis/|ad_daily|dim_kpi|dim_camp|unpivot|conditions|fct_measure_daily|fct_kpi_daily", "test_kpis.py"),
    (r"check_ins_ranked|objectives|note|initiatives|key_results_current|dim_date|days_spined|pace", "test_words.py"),
    (r"key_result_types", "test_house.py"),
    (r"status|days_scored|fct_key_result_daily|key_results|check_in", "test_scoring_cases.py"),
    (r".", "test_scoring_properties.py"),
)
# Then those that see most for their time: from one run of the models to thirty. test_house.py runs dbt's unit tests.
ORDER = (
    "test_scoring_cases.py", "test_kpis.py", "test_forecast.py", "test_drivers.py", "test_sources.py", "test_people.py",
    "test_words.py", "test_scoring_properties.py", "test_gate.py", "test_memory.py", "test_incremental.py",
    "test_house.py",
)  # fmt: skip
# A survey with --quick lists what they do not see; the verdict needs all.
QUICK = ORDER[:-4]

# Mutants that no input can show, each with its reason: the file, the mutated words with those after them, the change.
EQUIVALENT = {
    ("marts/dim_kpi.sql", "min(value) as channel", "max("): "one value: `having count(distinct value) = 1`",
    ("marts/fct_measure_daily.sql", "min(currency) end as currency", "max("): "one value: min = max",
    ("generated/key_result_types.sql", "< limit_low and", " <= "): "of equal numbers the quotient is 1 too",
    ("generated/key_result_types.sql", "> limit_high then", " >= "): "of equal numbers the quotient is 1 too",
    ("targets/int_resolved_target.sql", "inner join values_now", "left join"): "its value has to be known",
    ("targets/int_resolved_target.sql", "inner join coverage", "left join"): "what has a value has been seen",
    ("kpis/int_kpi_readings_matched.sql", "inner join sources", "left join"): "the next join needs the source",
    ("targets/int_targets_spanned.sql", "inner join key_results on spans.", "left join"): "joined above already",
    ("scoring/int_milestones_done.sql", "inner join check_ins", "left join"): "`where check_ins.date <= context.today`",
    (
        "scoring/int_pace_seasons_shared.sql",
        "inner join dates",
        "left join",
    ): "int_dates_spined has every day of last year's",
    (
        "scoring/int_pace_milestones_weighed.sql",
        "inner join dates",
        "left join",
    ): "int_dates_spined has every day of a period",
    # Every row has its parent there: it is made from it, or `okr check` refuses the definitions without it.
    ("marts/key_result_versions.sql", "inner join versions", "left join"): "a target is made from its version",
    ("marts/key_result_versions.sql", "inner join lines", "left join"): "a target is made from its line",
    ("marts/objectives.sql", "inner join now_rows", "left join"): "made from the same objectives",
    ("current/int_objective_days_scored.sql", "inner join objectives", "left join"): "a key result is in an objective",
    ("targets/int_key_results_dated.sql", "inner join objectives", "left join"): "a key result is in an objective",
    ("targets/int_key_results_dated.sql", "inner join periods", "left join"): "an objective has a period",
    ("current/int_objectives_dated.sql", "inner join periods", "left join"): "an objective has a period",
    ("scoring/int_key_result_days_scored.sql", "inner join key_results", "left join"): "a day is made from it",
    ("scoring/int_key_result_days_scored.sql", "left join pace", "inner join"): "every day has its pace",
    ("kpis/int_kpi_stocks_spanned.sql", "where kind = 'stock'", "where true"): "only a stock's value is taken",
    ("scoring/int_pace_milestones_weighed.sql", "where reads = 'done'", "where true"): "no other type has any",
}


@dataclass(frozen=True)
class Mutant:
    """One mistake: `before` at `start` of `path` (relative to the project) becomes `after`."""

    path: str
    start: int
    before: str
    after: str
    kind: str
    text: str

    @property
    def line(self) -> str:
        """The line it begins in, as written."""
        first = self.start + len(self.before) - len(self.before.lstrip("\n"))
        return self.text[self.text.rfind("\n", 0, first) + 1 :].split("\n", 1)[0]

    @property
    def is_equivalent(self) -> bool:
        """Whether it is one of those that no input can show."""
        words = " ".join(self.text[self.start : self.start + 200].split())
        return any(
            self.path.endswith(path) and words.startswith(begin) and self.after.strip() == after.strip()
            for path, begin, after in EQUIVALENT
        )

    def __str__(self) -> str:
        line = self.text.count("\n", 0, self.start) + 1
        return f"{self.path}:{line}: {self.kind}: {self.before.strip()!r} -> {self.after.strip()!r}"


def mutants() -> Iterator[Mutant]:
    """Every mistake that the operators can make, but where the text is silent and where none can show."""
    for folder in MUTATED:
        for path in sorted((ROOT / folder).rglob("*.sql")):
            name = path.relative_to(ROOT).as_posix()
            if LEFT_OUT.search(name):
                continue
            text = path.read_text(encoding="utf-8")
            silent = [found.span() for found in SILENT.finditer(text)]
            for kind, rules in OPERATORS.items():
                for pattern, after in rules:
                    for found in re.finditer(pattern, text):
                        mutant = Mutant(name, found.start(), found.group(), found.expand(after), kind, text)
                        if not mutant.is_equivalent and not any(start <= found.start() < end for start, end in silent):
                            yield mutant


def sample(count: int, seed: int) -> list[Mutant]:
    """`count` of them, the classes in turn, files as different as can be; an edited line moves no other one's place."""
    chosen: list[Mutant] = []
    by_kind: dict[str, list[Mutant]] = {kind: [] for kind in OPERATORS}
    twins: Counter[str] = Counter()
    drawn: dict[Mutant, bytes] = {}
    for mutant in mutants():
        said = f"{seed} {mutant.path} {mutant.line} {mutant.before} {mutant.after}"
        twins[said] += 1
        drawn[mutant] = hashlib.sha256(f"{said} {twins[said]}".encode()).digest()
        by_kind[mutant.kind].append(mutant)
    seen: Counter[str] = Counter()
    while len(chosen) < count and any(by_kind.values()):
        for found in by_kind.values():
            if found and len(chosen) < count:
                next_one = min(found, key=lambda mutant: (seen[mutant.path], drawn[mutant]))
                found.remove(next_one)
                chosen.append(next_one)
                seen[next_one.path] += 1
    return chosen


def tests_of(mutant: Mutant | None, files: Sequence[str]) -> list[str]:
    """The files of tests, the one that is likely to notice first."""
    name = mutant.path.removeprefix("dbt_project/") if mutant else ""
    first = next((file for pattern, file in NEAREST if re.search(pattern, name)), "test_scoring_cases.py")
    return [f"tests/dbt_project/{file}" for file in dict.fromkeys((first, *files))]


def parsed(folder: Path) -> Any:
    """dbt's manifest of the project as it is; everything the tests import is imported here, once for all children."""
    import hypothesis  # noqa: F401
    import pytest  # noqa: F401

    from okr_reports.warehouse import transform
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


def noticed(mutant: Mutant | None, manifest: Any, log: Path, files: Sequence[str]) -> bool:
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
        dbt.cli.main.dbtRunner = lambda **more: runner(**{**more, "manifest": uncompiled(manifest)})
        # A file at a time: pytest would sort the tests of all by their fixtures, the slowest first.
        quiet = ("-x", "-q", "-n", "0", "-W", "default", "-p", "no:cacheprovider", "--tb=line")
        for file in tests_of(mutant, files):
            code = int(pytest.main([*quiet, file]))
            if code:
                break
    except BaseException:
        traceback.print_exc()
    finally:
        # Never back into the parent's code.
        os._exit(code)


def run(chosen: list[Mutant], manifest: Any, folder: Path, files: Sequence[str]) -> list[Mutant]:
    """The survivors, each mutant reported as it ends."""
    survivors = []
    for number, mutant in enumerate(chosen, 1):
        began = time.monotonic()
        log = folder / "last.log"
        caught = noticed(mutant, manifest, log, files)
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
    parser.add_argument("--quick", action="store_true", help="a survey: only files of tests that run the models once")
    options = parser.parse_args()
    chosen = [mutant for mutant in sample(options.count, options.seed) if options.only in str(mutant)]
    chosen = chosen[options.skip :: options.step]
    if options.list:
        print(*chosen, f"{len(list(mutants()))} could be made", sep="\n")
        return 0
    files = QUICK if options.quick else ORDER
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(prefix="okr-mutants-") as name:
        folder = Path(name)
        os.environ |= {"OKR_TEST_MODELS": name, "OKR_TEST_OBJECTIVES": "300"}
        manifest = parsed(folder)
        if not options.unproved and noticed(None, manifest, folder / "last.log", files):
            print(
                (folder / "last.log").read_text(encoding="utf-8")[-3000:], "the tests fail without a mutant", sep="\n"
            )
            return 2
        survivors = run(chosen, manifest, folder, files)
    caught = len(chosen) - len(survivors)
    print(f"{caught} of {len(chosen)} mutants caught ({caught / max(len(chosen), 1):.1%}), seed {options.seed}")
    print(*(f"survived: {mutant}" for mutant in survivors), sep="\n")
    return 0 if caught >= ENOUGH * len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
