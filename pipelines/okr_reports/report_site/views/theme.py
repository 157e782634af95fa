"""`reports/theme.yaml`: the organisation's colours, fonts and logo over the shipped theme, in light and in dark.

    brand: {light: "#0b5fff", dark: "#8ab4ff"}     # links, chosen menu line, charts; or one for both
    positive: {light: "#14713f", dark: "#6fd19a"}  # also negative, warning
    charts: {light: ["#0b5fff"], dark: ["#8ab4ff"]}  # up to eight lines of charts
    font: [Source Sans 3, Verdana]                 # fonts of the reader's machine; none is downloaded
    logo: logo.svg                                 # a file in reports/theme/images/
    logo_text: Acme Marketing                      # beside the logo instead of the organisation's name

Colours are checked against the page as WCAG 2.2 AA asks: 4.5:1 for what is written in them, 3:1 for lines of charts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from okr_reports.errors import shown_path
from okr_reports.report_site.faults import PageFault, choose
from okr_reports.report_site.source_files import Loader, read_text, yaml_loader

FILE = "theme.yaml"
MODES = ("light", "dark")
# the shipped theme's page, card and code block, then its text
GROUNDS = {"light": ("#ffffff", "#f6f7f9"), "dark": ("#0f1216", "#161a20", "#1b2027")}
INK = {"light": "#16191f", "dark": "#eceff4"}
WRITTEN = {"brand": "accent", "positive": "good", "negative": "bad", "warning": "warn"}
KEYS = (*WRITTEN, "charts", "font", "logo", "logo_text")
TEXT, LINE = 4.5, 3.0
SOFT = 0.1
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
IMAGES = (".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp")
FONT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,60}")
Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Theme:
    """What a workspace has changed: CSS to append, the name of the logo's file, the text beside it."""

    css: str = ""
    logo: str | None = None
    logo_text: str | None = None


@dataclass(frozen=True)
class Written:
    """A value of the file with the line it is in."""

    value: Any
    line: int


def read_theme(root: Path) -> Theme:
    """The theme of a reports folder; the shipped one when it has none. Raises PageFault at the line of a mistake."""
    path = next((path for path in (root / FILE, root / "theme" / FILE) if path.is_file()), None)
    if path is None:
        return Theme()
    shown = shown_path(path)
    given = _read(path, shown)
    for key, written in given.items():
        if key not in KEYS:
            raise PageFault(shown, written.line, f"a theme has no {key!r}", choose(key, KEYS, "keys"))
    variables: dict[str, dict[str, str]] = {mode: {} for mode in MODES}
    for key in WRITTEN:
        if key in given:
            for mode, colour in _pair(shown, key, given[key]).items():
                variables[mode] |= _written_in(shown, key, mode, colour)
    if "charts" in given:
        for mode, colours in _lists(shown, given["charts"]).items():
            variables[mode] |= {
                f"s{number}": _line(shown, mode, colour) for number, colour in enumerate(colours, start=1)
            }
    css = _css(variables, _fonts(shown, given.get("font")))
    logo, text = (_text(shown, key, given.get(key)) for key in ("logo", "logo_text"))
    images = [image.name for image in image_files(root / "theme")]
    if logo and logo not in images:
        todo = choose(logo, images, "images") if images else f"put it into {root.name}/theme/images/"
        what = f"there is no image {logo!r} in theme/images/ (a file itself, {', '.join(IMAGES)})"
        raise PageFault(shown, given["logo"].line, what, todo)
    return Theme(css, logo, text)


def image_files(theme: Path) -> list[Path]:
    """The images that the site takes along: files themselves, of the kinds that browsers show."""
    found = sorted((theme / "images").glob("*"))
    return [image for image in found if image.suffix.lower() in IMAGES and image.is_file() and not image.is_symlink()]


def contrast(colour: str, other: str) -> float:
    """WCAG's contrast of two colours, 1 to 21."""
    low, high = sorted((_luminance(_rgb(colour)), _luminance(_rgb(other))))
    return (high + 0.05) / (low + 0.05)


def _read(path: Path, shown: Path) -> dict[str, Written]:
    with yaml_loader(read_text(path), shown, "the theme", "quote colours: '#0b5fff'") as loader:
        node = loader.get_single_node()
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            raise PageFault(shown, 1, "the theme is not a list of `key: value` lines", 'write `brand: "#0b5fff"`')
        return {str(key.value): _written(loader, key.start_mark.line + 1, value) for key, value in node.value}


def _written(loader: Loader, line: int, node: yaml.Node) -> Written:
    if isinstance(node, yaml.MappingNode):
        pairs = {str(key.value): _written(loader, key.start_mark.line + 1, value) for key, value in node.value}
        return Written(pairs, line)
    if isinstance(node, yaml.SequenceNode):
        return Written([_written(loader, part.start_mark.line + 1, part) for part in node.value], line)
    return Written(loader.construct_object(node), line)


def _modes(shown: Path, key: str, given: Written) -> dict[str, Written]:
    """A value for light and one for dark; one value alone stands for both."""
    if not isinstance(given.value, dict):
        return dict.fromkeys(MODES, given)
    for mode, written in given.value.items():
        if mode not in MODES:
            raise PageFault(shown, written.line, f"{key} has {mode!r}", "write light and dark")
    missing = [mode for mode in MODES if mode not in given.value]
    if missing:
        raise PageFault(shown, given.line, f"{key} has no colour for {missing[0]}", f"add {missing[0]}: ...")
    return dict(given.value)


def _colour(shown: Path, key: str, given: Written) -> Written:
    if not isinstance(given.value, str) or not COLOUR.fullmatch(given.value):
        what = f"{key} is {given.value!r}, not a colour"
        raise PageFault(shown, given.line, what, 'write it as six digits in quotes: "#0b5fff"')
    return Written(given.value.lower(), given.line)


def _pair(shown: Path, key: str, given: Written) -> dict[str, Written]:
    return {mode: _colour(shown, key, colour) for mode, colour in _modes(shown, key, given).items()}


def _lists(shown: Path, given: Written) -> dict[str, list[Written]]:
    found = {}
    for mode, colours in _modes(shown, "charts", given).items():
        if not isinstance(colours.value, list) or not 1 <= len(colours.value) <= 8:
            raise PageFault(
                shown, colours.line, "charts is no list of one to eight colours", 'write ["#0b5fff", "#c2571a"]'
            )
        found[mode] = [_colour(shown, "charts", colour) for colour in colours.value]
    return found


def _written_in(shown: Path, key: str, mode: str, colour: Written) -> dict[str, str]:
    """The variables of a colour that words are written in, on the page and on its own soft ground."""
    ground = GROUNDS[mode][0]
    _enough(shown, key, mode, colour, TEXT)
    made = {WRITTEN[key]: colour.value, f"{WRITTEN[key]}-soft": _soft(colour.value, ground)}
    if key == "brand":
        made |= {"focus": colour.value, "s1": colour.value, **_heat(colour.value, mode)}
    return made


def _enough(shown: Path, key: str, mode: str, colour: Written, least: float) -> None:
    """Raises PageFault for a colour that cannot be read on the page, with the nearest one that can."""
    if not (worst := _too_weak(colour.value, mode, least)):
        return
    towards = "#000000" if mode == "light" else "#ffffff"
    steps = (_mix(towards, colour.value, step / 50) for step in range(1, 51))
    nearest = next(mixed for mixed in steps if not _too_weak(mixed, mode, least))
    what = f"{key} {colour.value} has {contrast(colour.value, worst):.1f}:1 on the {mode} page ({worst})"
    todo = f'it needs {least:g}:1; the nearest that has it is "{nearest}"'
    raise PageFault(shown, colour.line, what, f"{todo}, and light and dark may differ: {{light: ..., dark: ...}}")


def _too_weak(colour: str, mode: str, least: float) -> str:
    """The ground on which it has too little contrast; '' when there is none."""
    worst = min(GROUNDS[mode], key=lambda ground: contrast(colour, ground))
    return worst if contrast(colour, worst) < least else ""


def _soft(colour: str, ground: str) -> str:
    """A ground with a little of a colour in it, on which the colour itself can still be read."""
    shares = (SOFT - step / 100 for step in range(int(SOFT * 100) + 1))
    return next(made for share in shares if contrast(made := _mix(colour, ground, share), colour) >= TEXT)


def _line(shown: Path, mode: str, colour: Written) -> str:
    _enough(shown, "charts", mode, colour, LINE)
    return str(colour.value)


def _heat(colour: str, mode: str) -> dict[str, str]:
    """Five shades for heatmaps: the first three bear the page's ink, the last two its ground."""
    ground, made = GROUNDS[mode][0], {}
    for number, share, ink, step in ((1, 0.08, INK, -1), (2, 0.25, INK, -1), (3, 0.45, INK, -1), (4, 0.78, None, 1)):
        words = ink[mode] if ink else ground
        while contrast(_mix(colour, ground, share), words) < TEXT and 0 < share < 1:
            share = round(share + step * 0.02, 2)
        made[f"h{number}"] = _mix(colour, ground, min(share, 1.0))
    return {**made, "h5": colour}


def _fonts(shown: Path, given: Written | None) -> str:
    if given is None:
        return ""
    listed = given.value if isinstance(given.value, list) else [given]
    for font in listed:
        if not isinstance(font.value, str) or not FONT.fullmatch(font.value):
            raise PageFault(shown, font.line, f"font is {font.value!r}", "give the name of a font, or a list of names")
    return ", ".join(f'"{font.value}"' for font in listed)


def _text(shown: Path, key: str, given: Written | None) -> str | None:
    if given is None:
        return None
    if not isinstance(given.value, str) or not given.value.strip():
        raise PageFault(shown, given.line, f"{key} is {given.value!r}", "give a text")
    return given.value


def _css(variables: Mapping[str, Mapping[str, str]], fonts: str) -> str:
    light, dark = (" ".join(f"--{name}: {value};" for name, value in variables[mode].items()) for mode in MODES)
    lines = []
    if light:
        lines.append(f":root {{ {light} }}")
    if dark:
        lines.append(f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {dark} }} }}')
        lines.append(f':root[data-theme="dark"] {{ {dark} }}')
    if fonts:
        lines.append(
            f"body {{ font-family: {fonts}, var(--font); }} .chart text {{ font-family: {fonts}, var(--font); }}"
        )
    return "\n".join(lines)


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return red, green, blue


def _luminance(rgb: Rgb) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in rgb
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(colour: str, ground: str, share: float) -> str:
    """`share` of a colour over a ground."""
    return "#" + "".join(f"{round((a * share + b * (1 - share)) * 255):02x}" for a, b in _both(colour, ground))


def _both(colour: str, other: str) -> Iterator[tuple[float, float]]:
    return zip(_rgb(colour), _rgb(other), strict=True)
