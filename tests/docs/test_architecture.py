"""The picture of the architecture is the one that the code gives, and the code can be drawn in floors."""

from __future__ import annotations

import importlib.util
import re

import pytest

from tests.support import ROOT


@pytest.fixture(scope="module")
def architecture():
    spec = importlib.util.spec_from_file_location("architecture", ROOT / "docs" / "architecture.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_that_of_the_code(architecture):
    assert architecture.PICTURE.read_text(encoding="utf-8") == architecture.drawn(), "run make generate"


def test_it_shows_every_part_and_channel(architecture):
    shown = set(re.findall(r"\w+", architecture.drawn()))
    assert set(architecture.parts()) <= shown
    assert {path.parent.name for path in (architecture.PACKAGE / "channels").glob("*/channel.toml")} <= shown


def test_each_part_is_above_what_it_imports(architecture):
    imported = architecture.parts()
    floors = architecture.floors(imported)
    level = {part: number for number, floor in enumerate(floors) for part in floor}
    assert len(floors) > 4
    assert all(level[part] > level[other] for part in level for other in imported[part] & set(level))


def test_a_circle_is_no_picture(architecture):
    with pytest.raises(ValueError, match="circle"):
        architecture.floors({"a": {"b"}, "b": {"a"}})


def test_no_line_leaves_its_box(architecture):
    stations = architecture.way_of_the_data()
    assert max(len(line) for _, _, inner in stations for line in inner) <= 22
