"""An edit changes what it is about, and no other byte of the file."""

from __future__ import annotations

import copy
import difflib
import random
from pathlib import Path
from typing import Any

import pytest

from okr_reports.errors import OkrError
from okr_reports.okrs.rewriting import rewritten
from okr_reports.okrs.yaml_reader import read_yaml
from tests.support import ROOT

FILES = sorted((ROOT / "okr_definitions").rglob("*.yml"))

TEXT = """\
# what we want
objectives:
  - id: more   # ours
    title: {es: Más, en: "More: now"}
    description: >-
      Two lines
      of text.
    period: 2026-Q4
    # agreed in September
    key_results:
      - {id: a, title: A, type: binary}   # soon

      - id: b
        title: B
        type: increase
        change: 20%  # of last quarter
        pace: {2026-10-31: 30%, 2026-11-30: 75%}
        kpis: [x,  y]
"""


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def read(text: str) -> Any:
    content, findings = read_yaml(text.encode("utf-8"), "a.yml")
    assert findings == []
    return plain(content)


def edited(change: Any, text: str = TEXT) -> list[str]:
    """The lines that an edit takes away and adds."""
    content = read(text)
    change(content["objectives"][0])
    lines = difflib.ndiff(text.splitlines(), rewritten(text, content, "a.yml").splitlines())
    return [line for line in lines if line[:2] in ("- ", "+ ")]


def test_a_number_keeps_the_comment_beside_it() -> None:
    assert edited(lambda one: one["key_results"][1].update(change="25%")) == [
        "-         change: 20%  # of last quarter",
        "+         change: 25%  # of last quarter",
    ]


def test_a_key_goes_where_the_form_has_it_and_comments_stay() -> None:
    def owned(one: dict[str, Any]) -> None:
        items = list(one.items())
        one.clear()
        one.update([*items[:4], ("owner", "Ana: the first"), *items[4:]])

    assert edited(owned) == ['+     owner: "Ana: the first"']


def test_lists_and_mappings_in_one_line_stay_in_one() -> None:
    def both(one: dict[str, Any]) -> None:
        one["key_results"][1]["kpis"].append("z")
        del one["key_results"][1]["pace"]["2026-10-31"]
        one["title"]["fr"] = "Plus"

    assert edited(both)[1::2] == [
        '+     title: {es: Más, en: "More: now", fr: Plus}',
        "+         pace: {2026-11-30: 75%}",
        "+         kpis: [x,  y, z]",
    ]


def test_an_entry_is_added_and_taken_away_in_its_list() -> None:
    new = {"id": "c", "title": "C", "type": "milestones", "milestones": [{"id": "m", "title": "M"}]}
    assert edited(lambda one: one["key_results"].append(new)) == [
        "+       - id: c", "+         title: C", "+         type: milestones", "+         milestones:",
        "+           - {id: m, title: M}",
    ]  # fmt: skip
    assert edited(lambda one: one["key_results"].pop(0)) == ["-       - {id: a, title: A, type: binary}   # soon"]


def test_a_text_of_several_lines_becomes_one() -> None:
    assert "+     description: Short" in edited(lambda one: one.update(description="Short"))


def test_line_ends_of_windows_and_a_byte_order_mark_stay() -> None:
    text = "\ufeff" + TEXT.replace("\n", "\r\n")
    content = read(text)
    content["objectives"][0]["key_results"][1].update(change="25%", weight=2)
    written = rewritten(text, content, "a.yml")
    assert written == text.replace("change: 20%", "change: 25%").replace("x,  y]", "x,  y]\r\n        weight: 2")


def test_what_cannot_be_cut_is_refused() -> None:
    with pytest.raises(OkrError, match=r"a\.yml"):
        rewritten("a: &x 1\n", {"a": 2}, "a.yml")


VALUES = ["word", "two: words", 3, True, "20%", "2026-10-31", ["a", "b: c"], {"x": 1}, [{"id": "n", "t": "T"}], "é𝄞"]


def mutated(node: Any, random_: random.Random) -> None:
    """One change somewhere: a value, a key more or less, an entry more, less or elsewhere."""
    while True:
        children = list(node.values()) if isinstance(node, dict) else node
        inner = [one for one in children if isinstance(one, dict | list) and one]
        if not inner or random_.random() < 0.3:
            break
        node = random_.choice(inner)
    if isinstance(node, dict):
        key = random_.choice(list(node))
        kind = random_.choice(["set", "add", "remove"] if len(node) > 1 else ["set", "add"])
        if kind == "remove":
            del node[key]
        else:
            node[key if kind == "set" else f"new_{random_.randrange(99)}"] = copy.deepcopy(random_.choice(VALUES))
    elif random_.random() < 0.5 or len(node) == 1:
        node.insert(random_.randrange(len(node) + 1), copy.deepcopy(random_.choice(VALUES)))
    else:
        node.pop(random_.randrange(len(node)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_any_edit_reads_as_it_was_meant_and_leaves_the_rest(path: Path) -> None:
    random_ = random.Random(path.name)
    original = path.read_text(encoding="utf-8")
    for _ in range(60):
        content = read(original)
        for _ in range(random_.randrange(1, 4)):
            mutated(content, random_)
        written = rewritten(original, content, "a.yml")
        assert read(written) == content
        assert original.splitlines()[0] == written.splitlines()[0]
