"""Pages are rendered by a process that can read little, write nothing, and is ended at its limits."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from okr_reports.errors import PublishError
from okr_reports.report_site.build import build_site
from okr_reports.report_site.check import check_pages
from okr_reports.report_site.limits import Limits
from okr_reports.report_site.renderer.client import START, walls
from okr_reports.report_site.renderer.walls import WALLS
from tests.report_site.conftest import main_of

HEAD = "---\ntitle: Home\n---\n"
LIMITS = Limits(seconds=2, page_seconds=4)
PATIENT = Limits(seconds=20, page_seconds=60, process_mb=900)
LEVENSHTEIN = "levenshtein(repeat('a', 100000), repeat('b', 100000))"
# page -> what is said of it, at which line
ENDLESS = {
    "query that cannot be interrupted": (
        f"```sql q\nselect {LEVENSHTEIN} as n\n```\n\n{{{{ q[0].n }}}}", "the query 'q' took more than 2 s", 5,
    ),
    "long text in SQL": (
        "```sql q\nselect repeat('a', 2000000000) as n\n```\n\n{{ q[0].n | length }}",
        "the query 'q' needs more than 512 MB of memory", 5,
    ),
    "long text by a filter": ('a\n\n{{ "%1000000000s" | format("a") }}', "a width in a format is above 9999", 6),
    "text that doubles": (
        'a\n{% set ns = namespace(x="a" * 99) %}\n{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}',
        "the page needs more than 900 MB of memory", 6,
    ),
    "loops in loops": (
        "a\n\n\n{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "the page took more than 4 s to render", 7,
    ),
    "one long step": (
        'a\n{% set x = "a" * 999999 %}\n\n{{ [x, x, x, x, x, x, x, x] | map("wordwrap", 3) | join | length }}',
        "the page took more than 4 s to render", 7,
    ),
}  # fmt: skip


# what no reader of templates follows to its end
TOO_DEEP = {
    "brackets": "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "conditions": "{% if 1 %}" * 3000 + "x" + "{% endif %}" * 3000,
    "loops": "{% for i in [1] %}" * 30 + "x" + "{% endfor %}" * 30,
    "a sum": "{{ " + "+".join(["1"] * 30_000) + " }}",
    "filters": "{{ 'a'" + "|upper" * 5000 + " }}",
    "attributes": "{{ a" + ".b" * 5000 + " }}",
    "tags": '{% details title="x" %}' * 400 + "x" + "{% /details %}" * 400,
    "lists": "{{ " + "[" * 3000 + "]" * 3000 + " }}",
}


@pytest.mark.parametrize("place", ["pages/bad.md", "partials/bad.md", "components/bad.html"])
@pytest.mark.parametrize("kind", TOO_DEEP)
def test_a_file_nested_too_deep_is_named_and_the_others_are_built(kind, place, reports, snapshot, tmp_path):
    head = HEAD if place.startswith("pages") else "---\nattributes: {}\n---\n" if "comp" in place else ""
    root = reports({"pages/index.md": HEAD + "# Fine", place: head + TOO_DEEP[kind]})
    result = build_site(snapshot, root, tmp_path / "site", limits=LIMITS, strict=lambda: False)
    if place.startswith("pages") or kind != "loops":  # twenty loops are a matter of the file that is run
        assert any("nested too deep" in fault.what for fault in result.faults), result.faults
    assert {Path(fault.path).name for fault in result.faults} <= {Path(place).name}
    assert "Fine" in main_of((tmp_path / "site/index.html").read_text(encoding="utf-8"))
    assert set(result.faults) <= set(check_pages(root, snapshot))


ROWS_OF_TEXT = "```sql q\nselect i, repeat('x', 3000) as n from range(20000) t(i)\n```\n{% table data=\"q\" /%}"


def test_a_page_of_endless_size_is_not_made(reports, snapshot, tmp_path):
    """Twenty thousand rows of three thousand letters were 124 MB, and twice that in the process that waits."""
    root = reports({"pages/index.md": HEAD + "# Fine", "pages/bad.md": HEAD + ROWS_OF_TEXT})
    result = build_site(snapshot, root, tmp_path / "site", strict=lambda: False)
    (fault,) = result.faults
    assert "the page and its files have 124 MB, more than 50" in fault.what
    assert dict(result.broken) == {"bad": None}


def test_a_site_of_endless_size_ends_with_its_page_named(reports, snapshot, tmp_path):
    query = "```sql q\nselect i as id from range(50) t(i)\n```\n"
    page = "---\ntitle: x\none_page_per: q\n---\n" + query + "{% for i in range(99) %}{{ 'x' * 9999 }} {% endfor %}"
    root = reports({"pages/index.md": HEAD + "# Fine", "pages/[id].md": page})
    with pytest.raises(PublishError, match=r"\[id\].md: the site has more than 20 MB at the page /\d"):
        build_site(snapshot, root, tmp_path / "site", limits=Limits(site_mb=20), strict=lambda: False)


def test_a_component_at_its_limit_is_named_with_the_page_that_used_it(reports, snapshot, tmp_path):
    loops = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    component = f"---\nattributes: {{}}\n---\n<p>a</p>\n{loops}"
    root = reports({"pages/bad.md": HEAD + "{% slow /%}", "components/slow.html": component})
    (fault,) = build_site(snapshot, root, tmp_path / "site", limits=LIMITS, strict=lambda: False).faults
    assert (Path(fault.path).name, fault.line) == ("slow.html", 5)
    assert fault.what.endswith("pages/bad.md)")


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_page_over_its_limits_is_ended_and_named_and_the_others_are_built(kind, reports, snapshot, tmp_path):
    body, said, line = ENDLESS[kind]
    root = reports({"pages/index.md": HEAD + "# Fine", "pages/bad.md": HEAD + body, "pages/z.md": HEAD + "# Also fine"})
    began = time.monotonic()
    limits = PATIENT if "900 MB" in said else LIMITS
    result = build_site(snapshot, root, tmp_path / "site", limits=limits, strict=lambda: False)
    assert time.monotonic() - began < 60
    (fault,) = result.faults
    assert said in fault.what
    assert (Path(fault.path).name, fault.line) == ("bad.md", line)
    assert dict(result.broken) == {"bad": None}
    for page, title in (("index.html", "Fine"), ("z/index.html", "Also fine")):
        assert title in main_of((tmp_path / "site" / page).read_text(encoding="utf-8"))


def test_a_query_that_says_which_pages_there_are_is_ended_too(reports, snapshot, tmp_path):
    page = f"---\ntitle: x\none_page_per: q\n---\n```sql q\nselect {LEVENSHTEIN} as id\n```\n"
    root = reports({"pages/[id].md": page})
    result = build_site(snapshot, root, tmp_path / "site", limits=LIMITS, strict=lambda: False)
    assert ["the query 'q' took more than 2 s and was stopped" in fault.what for fault in result.faults] == [True]


def test_memory_is_never_taken_far_beyond_the_limit(reports, snapshot, tmp_path):
    """Measured from outside: the most that any process under the build held."""
    root = reports({"pages/bad.md": HEAD + "```sql q\nselect repeat('a', 2000000000) as n\n```\n{{ q[0].n }}"})
    script = f"""
import resource
from pathlib import Path
from okr_reports.report_site.build import build_site
build_site(Path({str(snapshot)!r}), Path({str(root)!r}), Path({str(tmp_path / "site")!r}), strict=lambda: False)
from okr_reports.report_site.renderer import client
client._server.end()
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(run.stdout) < 1536


def test_every_wall_stands_on_the_platforms_that_have_it():
    up, missing = walls()
    assert {*up, *missing} == set(WALLS)
    if sys.platform == "linux":
        assert {"limits", "audit"} <= set(up)


TRIES = {
    "read": "open('/etc/passwd').read()",
    "read by the engine": "duckdb.connect().execute(\"select * from read_text('/etc/passwd')\").fetchall()",
    "write": "open('{target}', 'w').write('x')",
    "write by the engine": "duckdb.connect().execute(\"copy (select 1) to '{target}'\")",
    "environment of others": "open(f'/proc/{{os.getppid()}}/environ').read()",
    "network": "socket.create_connection(('127.0.0.1', {port}), 1)",
    "network without connection": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "process": "subprocess.run(['/bin/true'])",
    "fork": "os.fork()",
    "signal": "os.kill(os.getppid(), 0)",
    "a large file": "os.write(os.open('/dev/shm/okr-x', os.O_CREAT | os.O_WRONLY), b'x')",
    "much memory": "bytearray(3_000_000_000)",
    "its folder": "os.listdir('/root')",
}


@pytest.mark.parametrize("without", [[], ["audit"]])
def test_what_breaks_out_of_the_sandbox_finds_nothing(without, snapshot, tmp_path):
    """The walls alone, with the kernel's and without Python's: code that runs in the renderer may do none of this."""
    up, _ = walls()
    if without and not {"landlock", "seccomp"} <= set(up):
        without = []  # without the kernel's walls Python's alone are there to be tried
    target = tmp_path / "written"
    tries = {name: code.format(target=target, port=1) for name, code in TRIES.items()}
    script = f"""
import json, os, socket, subprocess, sys
from pathlib import Path
import duckdb
from okr_reports.report_site.renderer.walls import raise_walls
raise_walls([Path({str(snapshot)!r})], 1536, {without!r})
did = []
for name, code in {tries!r}.items():
    try:
        answer = eval(code)
        if name == "fork" and answer == 0:
            os._exit(0)
        did.append(name)
    except (OSError, MemoryError, duckdb.Error):
        pass
assert duckdb.connect().execute("attach {str(snapshot)!r} as o (read_only); select count(*) from o.marts.key_results")
os.write(1, json.dumps(did).encode())
"""
    run = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    assert run.stdout == "[]"
    assert not target.exists()


def test_a_client_that_leaves_ends_it_without_a_word():
    """DuckDB's bindings print what they leak where Python ends by itself."""
    ours, theirs = socket.socketpair()
    with theirs:
        started = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", START, str(theirs.fileno()), json.dumps(sys.path)],
            pass_fds=[theirs.fileno()], stderr=subprocess.PIPE,
        )  # fmt: skip
    ours.close()
    assert (started.communicate(timeout=60)[1], started.returncode) == (b"", 0)


def test_a_renderer_has_no_environment(reports, snapshot, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCES__X__TOKEN", "okr-secret-4711")
    from okr_reports.report_site.renderer.client import _server

    _server.end()
    root = reports({"pages/index.md": HEAD + "```sql q\nselect getenv('SOURCES__X__TOKEN') as n\n```\n{{ q[0].n }}"})
    result = build_site(snapshot, root, tmp_path / "site", strict=lambda: False)
    assert "okr-secret-4711" not in (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert "okr-secret-4711" not in str(result.faults)
    process = _server._process
    assert process is not None
    if sys.platform == "linux":
        assert b"okr-secret-4711" not in Path(f"/proc/{process.pid}/environ").read_bytes()


CHART = '```sql q\nselect 1 as x, 2 as mqls\n```\n{% line_chart data="q" x="x" y="mqls, plan" /%}'
BROKEN = {
    "column of a chart": (CHART, "mqls, plan"),
    "SQL": ("```sql q\nselect nothing from key_results\n```\n{{ q[0].nothing }}", "nothing"),
    "unknown tag": ("{% vlaue /%}", "vlaue"),
    "unknown name": ("{{ organisaton }}", "organisaton"),
    "link to no page": ("[x](/nowhere)", "nowhere"),
    "front matter": (None, "never closed"),
}
CELL = "```sql q\nselect 'okr-cell-4711' as n\n```\n"
ONE = HEAD + CELL + '# What it was\n\n{% big_value data="q" value="n" /%}'
ROWS = "```sql q\nselect * from (values ('a'), ('b')) t(id)\n```\n"
MANY = '---\ntitle: "{{ params.id }}"\none_page_per: q\n---\n' + ROWS + "# Was {{ params.id }}"


def _with_broken(reports, kind: str) -> Path:
    body, _ = BROKEN[kind]
    return reports(
        {"pages/bad.md": "---\ntitle: x\n" if body is None else HEAD + body, "pages/other.md": HEAD + "# Other"}
    )


@pytest.mark.parametrize("kind", BROKEN)
def test_check_says_what_the_build_says_with_and_without_a_copy(kind, reports, snapshot, tmp_path):
    root = _with_broken(reports, kind)
    built = build_site(snapshot, root, tmp_path / "site", strict=lambda: False).faults
    assert any(BROKEN[kind][1] in finding.what for finding in built), built
    assert set(built) <= set(check_pages(root, snapshot))
    if kind != "link to no page":  # a page there is for a row is not known without rows
        assert set(built) <= set(check_pages(root, None))


def test_pages_without_mistakes_have_none_without_a_copy(snapshot):
    from tests.report_site.conftest import REPORTS

    assert check_pages(REPORTS, None) == []


def test_a_broken_page_is_a_notice_above_what_it_last_was(reports, snapshot, tmp_path):
    good = {"pages/one.md": ONE, "pages/many/[id].md": MANY}
    cache, site = tmp_path / "cache", tmp_path / "site"
    build_site(snapshot, reports(good), site, cache_dir=cache)
    broken = HEAD + CELL + '{% line_chart data="q" x="n" y="n" /%}'
    bad = {"pages/one.md": broken, "pages/many/[id].md": MANY.replace("values", "valeus")}
    result = build_site(snapshot, reports(bad), site, cache_dir=cache, strict=lambda: False)
    assert set(result.broken) == {"one", "many/a", "many/b"}
    assert all(result.broken.values())
    assert any("okr-cell-4711" in fault.what for fault in result.faults)
    page = main_of((site / "one/index.html").read_text(encoding="utf-8"))
    notice, _, below = page.partition("</div>")
    assert "okr-cell-4711" not in notice
    assert str(tmp_path) not in page
    assert "pages/one.md:7" in notice
    assert "What it was" in below
    assert "Was b" in (site / "many/b/index.html").read_text(encoding="utf-8")
    again = build_site(snapshot, reports(bad), site, cache_dir=cache, strict=lambda: False)
    assert again.broken == result.broken
    whole = build_site(snapshot, reports(good), site, cache_dir=cache)
    assert not whole.broken


def test_a_renderer_that_dies_is_said_with_its_page(reports, snapshot, tmp_path):
    """Lists in lists may end DuckDB's process itself; whatever ends it, the build goes on."""
    sql = "select " + "[" * 3000 + "1" + "]" * 3000 + " as n"
    root = reports({"pages/bad.md": HEAD + f"```sql q\n{sql}\n```\n{{{{ q[0].n | length }}}}"})
    result = build_site(snapshot, root, tmp_path / "site", limits=LIMITS, strict=lambda: False)
    assert result.faults
    assert (tmp_path / "site/index.html").is_file()
