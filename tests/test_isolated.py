"""Names that turn the direction of writing around turn nothing but themselves: site, mail, terminal."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from markupsafe import Markup

from okr_reports.common.isolated import CONTROLS, TERMINAL, isolated, isolated_html
from okr_reports.deliveries.templating import environment
from okr_reports.report_site.dialect.tags import Sandbox
from okr_reports.report_site.formats.prose import Slots

EMBEDDINGS, ISOLATES = "\u202a\u202b\u202d\u202e", "\u2066\u2067\u2068"
NAMES = [
    "\u202egpj.exe",
    "a\u202e",
    "\u2067\u2067\u2067",
    "\u2069\u2069\u202e",
    "\u202c\u202c",
    "\u2068\u2069\u202e\u2069x",
    "\u200e\u200f\u061c",
    "\u202bעברית",
]


def reaches_beyond(text: str) -> bool:
    """Whether anything opened in `text` is open at its end, or it ends what was open before: UAX 9, X1 to X8."""
    open_ones: list[str] = []
    for sign in text:
        if sign in EMBEDDINGS + ISOLATES:
            open_ones.append(sign)
        elif sign == "\u202c":
            if not open_ones:
                return True
            if open_ones[-1] in EMBEDDINGS:
                open_ones.pop()
        elif sign == "\u2069":
            if not any(one in ISOLATES for one in open_ones):
                return True
            while open_ones.pop() not in ISOLATES:
                pass
    return bool(open_ones)


def texts() -> list[str]:
    chance = random.Random(0)
    return NAMES + ["".join(chance.choices(CONTROLS + "aא1 -<>\"&'", k=chance.randint(1, 12))) for _ in range(2_000)]


def test_an_isolated_text_reaches_no_other() -> None:
    for text in texts():
        shown = isolated(text)
        assert not reaches_beyond(shown), ascii(text)
        assert isolated(shown) == shown
        assert [one for one in shown if one not in CONTROLS] == [one for one in text if one not in CONTROLS]
    assert isolated("Otoño – 50 % עברית") == "Otoño – 50 % עברית"


def test_no_text_of_a_page_reaches_beyond_its_element() -> None:
    for text in texts():
        html = isolated_html(str(Markup("<p title='{0}'>{0}: 5</p><b data-a=\"{0}\">").format(text)))
        for run in html.replace('"', "<").replace(">", "<").split("<"):
            assert not reaches_beyond(run), ascii(text)


@pytest.mark.parametrize("name", NAMES)
def test_what_templates_print_is_isolated(name: str) -> None:
    page = Sandbox({}, lambda *_: Markup("")).from_string("{{ name }}: 5")
    mail = environment().from_string("{{ name }}: 5")
    slots = Slots()
    for made in (page.render(name=name), mail.render(name=name), slots.fill(slots.put(name) + ": 5")):
        assert not reaches_beyond(made)
        assert made.endswith("\u2069: 5")


@pytest.mark.parametrize("name", NAMES)
def test_a_line_on_the_terminal_is_isolated_and_json_is_whole(tmp_path: Path, name: str) -> None:
    okr = str(Path(sys.executable).parent / "okr")
    said = subprocess.run([okr, "init", f"w{name}"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert name.strip(CONTROLS)[:3] in said.stdout
    assert not any(reaches_beyond(line) for line in said.stdout.splitlines())
    broken = subprocess.run([okr, "check-in", f"x{name}", "--json"], cwd=tmp_path, capture_output=True, text=True)
    assert not set(broken.stdout) & set(CONTROLS)
    assert json.loads(broken.stdout)
    assert not any(reaches_beyond(line) for line in broken.stderr.splitlines())


# Each once made a terminal do something: colours, a title, the cursor, an answer, a line written over.
COMMANDS = (
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[H",
    "a\rb",
    "\x9b31m",
    "\x08\x08",
    "\x7f",
    "\x1bc",
    "\x00",
    "\x90q\x9c",
)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_name_commands_the_terminal(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    from okr_reports.commands.output import print_json
    from okr_reports.common.isolated import IsolatingStream, visible

    IsolatingStream(sys.stdout).write(f"before {name} after\r\nnext\tline\n")
    said = capfd.readouterr().out
    assert not set(said) & set(TERMINAL)
    assert said.replace("\r\n", "\n").endswith(" after\nnext\tline\n")
    assert "\r" not in said.replace("\r\n", "")
    assert visible(visible(name)) == visible(name)
    print_json({"name": name})
    told = capfd.readouterr().out
    assert not set(told) & (set(TERMINAL) | {"\r"})
    assert json.loads(told) == {"name": name}


def test_words_stay_as_they_are() -> None:
    from okr_reports.common.isolated import visible

    for text in ("Otoño – 50 % עברית", "a\tb\nc\r\n", "😀 ñ 日本"):
        assert visible(text) == text
