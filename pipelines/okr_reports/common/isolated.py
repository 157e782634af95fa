"""Text of others among ours: what turns the direction of writing around ends with the text that holds it.

A campaign named with U+202E would else show all that follows it on its line back to front: `gpj.exe` reads `exe.jpg`.
Rules: Unicode's Bidirectional Algorithm (UAX 9), isolates.
"""

from __future__ import annotations

import re
from typing import Any, TextIO

from markupsafe import Markup

# Marks, embeddings and overrides, their end, isolates, their end.
CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_FIRST_STRONG_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"
# All but tabs and ends of lines: a name with an escape sequence in it would be obeyed.
TERMINAL = "".join(map(chr, (*range(32), *range(127, 160)))).translate(dict.fromkeys(map(ord, "\t\n\r")))
_COMMANDS = re.compile(f"[{re.escape(TERMINAL)}]|\r(?!\n)")
_ANY = re.compile(f"[{CONTROLS}]")
_ISOLATES = re.compile("[\u2066-\u2069]")
_TURNING = {"\u202a": "\u202c", "\u202b": "\u202c", "\u202d": "\u202c", "\u202e": "\u202c"} | dict.fromkeys(
    "\u2066\u2067\u2068", _END_OF_ISOLATE
)
# Of HTML: what ends a text as a reader sees it, between tags or in an attribute.
_ENDS_OF_TEXT = re.compile('([<>"]+)')


def isolated(text: str) -> str:
    """`text` as it may be beside other text; unchanged where it holds no such character."""
    if not _ANY.search(text):
        return text
    if text[0] == _FIRST_STRONG_ISOLATE and text[-1] == _END_OF_ISOLATE and not _ISOLATES.search(text[1:-1]):
        return text
    # what is opened inside ends with the isolate; an end of one inside would end ours too soon
    return f"{_FIRST_STRONG_ISOLATE}{_ISOLATES.sub('', text)}{_END_OF_ISOLATE}"


def isolated_value(value: Any) -> Any:
    """For what a template prints: plain texts isolated, markup and all else as it is."""
    return isolated(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def isolated_html(html: str) -> str:
    """A page in which no text reaches beyond its element or attribute."""
    if not _ANY.search(html):
        return html
    return "".join(text if _is_closed(text) else isolated(text) for text in _ENDS_OF_TEXT.split(html))


def _is_closed(text: str) -> bool:
    """Whether all that it opens it ends, and nothing else."""
    ends = []
    for found in _ANY.finditer(text):
        sign = found[0]
        if sign in _TURNING:
            ends.append(_TURNING[sign])
        elif sign in _TURNING.values():
            # the end of an isolate ends what was opened within it, too
            while sign == _END_OF_ISOLATE and ends and ends[-1] != sign:
                ends.pop()
            if not ends or ends.pop() != sign:
                return False
    return not ends


def visible(text: str) -> str:
    """`text` with what commands a terminal (colours, titles, the cursor, going back in the line) written out."""
    return _COMMANDS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class IsolatingStream:
    """A terminal's stream: no text commands it, and each line that turns writing around ends as it began.

    `unguarded` is for what draws on the terminal itself.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = self.unguarded = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        text = visible(text)
        if _ANY.search(text):
            text = "".join(
                isolated(line.rstrip("\r\n")) + line[len(line.rstrip("\r\n")) :] for line in text.splitlines(True)
            )
        return self._stream.write(text)
