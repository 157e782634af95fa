"""The house keeps its order: who imports whom, what may never be written, docs in step with the code."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from okr_reports.cli import main

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pipelines" / "okr_reports"
GROUND = {
    "catalogue", "common", "ducklake", "errors", "file_sources", "forecasting", "key_result_types", "settings",
    "template_sandbox", "words",
}  # fmt: skip
ROOMS = {"channels", "okrs", "warehouse", "report_site", "deliveries", "sandbox", "spark"}
# Who may import which of our own parts; a part may always import itself and the ground.
MAY_IMPORT = {
    **{room: set() for room in ROOMS},
    "findings": {"channels", "okrs", "report_site"},
    "warehouse": {"spark"},
    "distributed": {"channels", "spark", "warehouse"},
    "refresh": {"distributed", "findings", "channels", "okrs", "warehouse", "report_site", "deliveries"},
    "desk": {"findings", "okrs", "report_site"},
    "commands": {"adding", "definitions", "defs", "deliveries", "desk", "findings", "okrs", "report_site"},
    "adding": {"okrs", "channels", "report_site"},
    "doctor": {"distributed", "findings", "okrs", "channels", "report_site", "deliveries", "warehouse"},
    "defs": {"distributed", "refresh", "channels", "okrs", "warehouse", "report_site", "deliveries"},
    "definitions": {"defs"},
    "component": {"commands", "definitions", "defs"},
    "cli": {
        "adding",
        "desk",
        "distributed",
        "doctor",
        "findings",
        "refresh",
        "commands",
        "okrs",
        "channels",
        "warehouse",
        "report_site",
        "deliveries",
        "sandbox",
    },
    "": set(),
}
# A library and the only parts that may import it.
ONLY_IN = {
    "dagster": {"component", "definitions", "defs", "commands"},
    "dagster_dbt": {"defs"},
    "dlt": {"channels", "ducklake", "okrs"},
    "jinja2": {"report_site", "deliveries", "desk", "template_sandbox"},
    "dbt": {"ducklake", "warehouse"},
    "starlette": {"sandbox", "desk"},
}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py") if first != "__init__.py" else ""


def imported(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def wrong_imports(path: Path):
    part = part_of(path)
    for name, line in imported(path):
        library, _, rest = name.partition(".")
        if library in ONLY_IN and part not in ONLY_IN[library]:
            yield f"{path.relative_to(ROOT)}:{line}: {library} is for {', '.join(sorted(ONLY_IN[library]))}"
        if library == "okr_reports":
            other = rest.split(".")[0]
            if other in ROOMS | set(MAY_IMPORT) and other not in {part, *GROUND, *MAY_IMPORT.get(part, set())}:
                yield f"{path.relative_to(ROOT)}:{line}: {part} must not import {other}"


def test_the_day_of_the_demo_is_one():
    from okr_reports.commands.init import DEMO_DAY as shown
    from tests.support import DEMO_DAY as tested

    assert f"DEMO_DAY := {shown}\n" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert shown == tested


def test_no_module_of_tests_imports_the_definitions_of_dagster_when_it_is_collected():
    """They point the environment at a workspace, and with it every command that a later test starts."""
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom) and node.module == "okr_reports.definitions"
    ]
    assert found == []


def test_nobody_asks_the_connection_of_duckdb_that_all_of_a_process_share():
    """One answer that is not read to its end, and whoever asks next fails."""
    shared = re.compile(r"\bduckdb\.(sql|query|execute)\(")
    found = [
        str(path.relative_to(ROOT))
        for folder in ("pipelines", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if shared.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_what_make_is_asked_for_has_a_rule():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    explained = re.findall(r"(?m)^([a-z-]+):.* ## .", makefile)
    assert re.search(r"(?m)^\.PHONY: (.*)$", makefile).group(1).split() == explained
    pages = [path for path in ROOT.rglob("*.md") if not str(path.relative_to(ROOT)).startswith((".venv", ".okr"))]
    told = {name for path in pages for name in re.findall(r"`make ([a-z-]+)", path.read_text(encoding="utf-8"))}
    assert len(told) > 10
    assert told <= set(explained)


def test_imports_run_one_way():
    assert [wrong for path in modules() for wrong in wrong_imports(path)] == []


# The rooms of the report site, each of which imports those before it alone; types are named both ways.
SITE_ROOMS = ("formats", "dialect", "queries", "charts", "views", "pages", "output", "renderer")
SITE_GROUND = {"deadline", "faults", "limits", "source_files"}


def test_the_report_site_is_rooms_in_one_order():
    site = PACKAGE / "report_site"
    assert {path.parent.name for path in site.glob("*/__init__.py")} == set(SITE_ROOMS)
    wrong = []
    for number, room in enumerate(SITE_ROOMS):
        below = {*SITE_ROOMS[: number + 1], *SITE_GROUND}
        for path in (site / room).rglob("*.py"):
            others = [(name.split(".")[2], line) for name, line in imported(path) if ".report_site." in name]
            wrong += [
                f"{path.relative_to(ROOT)}:{line} imports {other}" for other, line in others if other not in below
            ]
    assert wrong == []
    doors = {path.stem for path in site.glob("*.py")} - SITE_GROUND - {"__init__"}
    assert doors == {"blank_copy", "build", "check", "portfolio", "serve", "watch"}


def test_the_top_of_the_package_holds_doors_alone():
    at_the_top = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert len(at_the_top) <= 12, sorted(at_the_top)


def test_a_channel_never_imports_another():
    channels = {path.parent.name for path in (PACKAGE / "channels").glob("*/channel.toml")}
    wrong = []
    for path in (PACKAGE / "channels").rglob("*.py"):
        own = path.relative_to(PACKAGE / "channels").parts[0]
        for name, line in imported(path):
            parts = name.split(".")
            if own in channels and parts[:2] == ["okr_reports", "channels"] and parts[2] in channels - {own}:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {own} imports {parts[2]}")
    assert wrong == []


def test_the_import_rules_can_fail(tmp_path, monkeypatch):
    bad = PACKAGE / "okrs" / "imports_what_it_must_not.py"
    monkeypatch.setattr(
        Path, "read_text", lambda self, encoding=None: "import dagster\nfrom okr_reports.channels import x"
    )
    assert len(list(wrong_imports(bad))) == 2


def tracked_files() -> list[str]:
    return subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split(
        "\0"
    )[:-1]


@pytest.mark.parametrize("name", [path.name for path in sorted(ROOT.glob("requirements*.lock"))])
def test_lock_files_hold_hashes_and_no_addresses(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    requirements = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert requirements
    assert all(line.endswith("\\") and "==" in line for line in requirements)


def test_the_bill_of_materials_is_of_what_is_run():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"(?m)^\t@.*cyclonedx-py requirements requirements-run\.lock ", makefile)


def test_nothing_is_installed_that_slows_every_start_of_dbt():
    """jsonschema imports these parsers of formats where they are there, dbt imports jsonschema: 0.8 s a command."""
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "\njsonschema==" in locked
    assert "\nrfc3987" not in locked


def test_each_folder_of_tests_says_what_it_proves():
    named = re.findall(r"(?m)^\| `([\w/]+)/` \| .{20,} \|$", (ROOT / "tests" / "README.md").read_text(encoding="utf-8"))
    folders = {
        Path(name).parent.relative_to("tests").as_posix() for name in tracked_files() if name.startswith("tests/")
    }
    inner = {"okrs/bad"}
    assert sorted(named) == sorted(folders - {"."} - inner)
    test_files = [ROOT / name for name in tracked_files() if re.fullmatch(r"tests/(.*/)?test_\w+\.py", name)]
    assert [
        path.name for path in test_files if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ] == []


# Words of our own where the field has one, and what to write. Parts of names count: snake_case is split.
PRIVATE_WORDS = {
    r"(?<![a-z])mend(?:s|ed|ing)?(?![a-z])": "fix, correct",
    r"(?<![a-z])(?:un)?told(?![a-z])": "reported, known, sent, given; as a name: what it holds",
    r"\b_?(?:in_halves|uncut|decide)\(": "what it returns",
    r"\bstands? in\b": "is in",
}


def private_words(name: str, text: str) -> list[str]:
    return [
        f"{name}:{number}: {found.group()}: write {instead}"
        for number, line in enumerate(text.splitlines(), 1)
        if not (name.endswith(".po") and line.startswith("msgstr"))
        for word, instead in PRIVATE_WORDS.items()
        if (found := re.search(word, line, re.IGNORECASE))
    ]


def test_words_are_those_of_the_field():
    shown = ("pipelines/", "dbt_project/", "docs/", "reports/", "okr_definitions/", ".github/", ".dlt/", ".ci/")
    kinds = {".py", ".sql", ".yml", ".yaml", ".toml", ".md", ".html", ".j2", ".js", ".css", ".po", ".json"}
    found = []
    for name in tracked_files():
        path = ROOT / name
        if (name.startswith(shown) or "/" not in name) and path.suffix in kinds and path.is_file():
            found += private_words(name, path.read_text(encoding="utf-8"))
    assert found == []


def test_the_rule_of_words_can_fail():
    assert len(private_words("a.py", "def _told():\n    MEND_IT = 'recommended, untold'\n# it stands in x\n")) == 4
    assert private_words("a.po", 'msgstr "told"\n') == []


# No name of the package is one of these: what it holds is its name.
NAMELESS = {"one", "asked"}
IDENTIFIERS = {"id", "arg", "attr", "name", "asname", "module"}


def nameless(tree: ast.AST) -> list[int]:
    """The lines with a variable, parameter, attribute, function, class or module of such a name."""
    return [
        node.lineno
        for node in ast.walk(tree)
        for field, value in ast.iter_fields(node)
        if field in IDENTIFIERS and isinstance(value, str)
        if NAMELESS & {part.strip("_").lower() for part in value.split(".")}
    ]


def test_names_say_what_they_hold():
    found = [path for path in modules() if path.stem.strip("_") in NAMELESS]
    found += [
        f"{path.relative_to(ROOT)}:{line}"
        for path in modules()
        for line in nameless(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "code", ["[one for one in ()]", "def asked(): ...", "import a.asked", "f(one=1)", "class Asked: ..."]
)
def test_the_rule_of_names_can_fail(code):
    assert nameless(ast.parse(code)) != []


def test_no_path_of_a_machine_is_committed():
    places = ("/" + "root/", "/" + "home/", "/" + "work/", "/" + "Users/")
    found = []
    for name in tracked_files():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".yml", ".yaml", ".sql", ".sh", ""} and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{name}: {place}" for place in places if place in text]
    assert found == []


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_answers_help_and_is_in_the_readme(command):
    answer = CliRunner().invoke(main, [command, "--help"])
    assert answer.exit_code == 0
    assert re.search(rf"\bokr {command}(?![\w-])", (ROOT / "README.md").read_text(encoding="utf-8"))


def test_help_imports_nothing_heavy():
    """`okr --help` must answer in a third of a second: none of these fits into that."""
    heavy = ("dagster", "dlt", "dbt", "duckdb", "pandas", "pyarrow", "jinja2")
    code = f"import sys, okr_reports.cli; print([m for m in {heavy} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


def test_settings_of_other_tools_can_be_read_and_name_what_there_is():
    """pre-commit, Renovate, Dependabot's kin and the forges read these without a word where they are broken."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    programs = {word for hook in hooks for word in hook["entry"].split() if word.startswith(".venv/bin/")}
    assert len(hooks) > 4
    assert {program for program in programs if not (Path(sys.prefix) / "bin" / Path(program).name).exists()} == set()
    for hook in hooks:
        pattern = re.compile(hook.get("files", ""))
        assert any(pattern.search(name) for name in tracked_files()), hook["id"]
    renovate = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
    grouped = {name for rule in renovate["packageRules"] for name in rule["matchPackageNames"] if name[0] != "/"}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert {name for name in grouped if not re.search(rf'"{re.escape(name)}[\[=><"]', project)} == set()
    owned = re.findall(r"(?m)^/(\S+)", (ROOT / ".github" / "CODEOWNERS").read_text(encoding="utf-8"))
    assert owned
    assert [place for place in owned if not (ROOT / place).exists()] == []
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.md"):
        assert {"name", "about"} <= set(yaml.safe_load(path.read_text(encoding="utf-8").split("---")[1]))
    for path in (ROOT / "docs" / "deploy").glob("*.y*ml"):
        assert list(yaml.safe_load_all(path.read_text(encoding="utf-8"))), path.name
