"""Sentences for codes of the marts, and the gettext catalogues that every text is looked up in.

The English text is the key. The folder of `translations/` here holds what all readers share: pages, mails and the text
columns of the analysts' copy. A language is one `<language>.po` file in each folder; a locale may have its own
(`pt_BR.po`), which comes before that of its language.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

from okr_reports.key_result_types import added

SHARED = Path(__file__).parent / "translations"
# `%(name)s` with whatever width, which would be a page's to fill
_VALUE = re.compile(r"%\(\w+\)[^a-zA-Z]*[a-zA-Z]")


def language_of(locale: str) -> str:
    """The language of a locale: `pt` of `pt-BR`."""
    return locale.replace("_", "-").split("-")[0]


def catalogues(locale: str, folders: Iterable[Path] = ()) -> list[Path]:
    """The files that translate into `locale`, the one that is looked into first at the beginning.

    Those of `folders`, then the shared ones, then those of packages that bring key-result types.
    """
    names = dict.fromkeys((locale.replace("-", "_"), language_of(locale)))
    brought = [type_.translations for type_ in added().values() if type_.translations]
    files = [folder / f"{name}.po" for folder in (*folders, SHARED, *brought) for name in names]
    return [path for path in files if path.is_file()]


def translations(
    locale: str, folders: Iterable[Path] = (), last: gettext.NullTranslations | None = None
) -> gettext.NullTranslations:
    """The texts of a locale; what no file translates is asked of `last`, which by default gives it back in English.

    A file that cannot be read translates nothing, and a text with other values than the English one is left out:
    `mistakes` says which.
    """
    chain = last or gettext.NullTranslations()
    for path in reversed(catalogues(locale, folders)):
        binary, _ = _compiled(path, path.stat().st_mtime_ns)
        # A catalogue of its own for each chain: a fallback is added to it.
        if binary:
            found = gettext.GNUTranslations(BytesIO(binary))
            found.add_fallback(chain)
            chain = found
    return chain


def mistakes(locale: str, folders: Iterable[Path]) -> Iterator[tuple[Path, int, str]]:
    """What is wrong with the files of these folders: path, line and what."""
    for path in catalogues(locale, folders):
        for line, what in _compiled(path, path.stat().st_mtime_ns)[1]:
            yield path, line, what


@cache
def _compiled(path: Path, _changed: int) -> tuple[bytes, tuple[tuple[int, str], ...]]:
    """The catalogue as gettext reads it, empty for one that cannot be read, and its mistakes."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    binary, wrong = BytesIO(), list[tuple[int, str]]()
    try:
        with path.open("rb") as lines:
            read = read_po(lines)
        for message in list(read):
            texts, translated = (
                [text] if isinstance(text, str) else list(text or ()) for text in (message.id, message.string)
            )
            known = {value for text in texts for value in _VALUE.findall(text)}
            if odd := {value for text in translated for value in _VALUE.findall(text)} - known:
                wrong.append((message.lineno or 1, f"the translation has {min(odd)}, which the English text has not"))
                read.delete(message.id, message.context)
        write_mo(binary, read)
        gettext.GNUTranslations(BytesIO(binary.getvalue()))
    except (OSError, ValueError, LookupError, PoFileError) as error:
        return b"", ((1, f"the catalogue cannot be read ({type(error).__name__})"),)
    return binary.getvalue(), tuple(wrong)
