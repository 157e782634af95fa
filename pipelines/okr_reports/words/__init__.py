"""Sentences for codes of the marts, and the gettext catalogues that every text is looked up in.

The English text is the key. The folder of `translations/` here holds what all readers share: pages, mails and the text
columns of the analysts' copy. A language is one `<language>.po` file in each folder; a locale may have its own
(`pt_BR.po`), which comes before that of its language.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path

from okr_reports.key_result_types import added

SHARED = Path(__file__).parent / "translations"


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
    """The texts of a locale; what no file translates is asked of `last`, which by default gives it back in English."""
    chain = last or gettext.NullTranslations()
    for path in reversed(catalogues(locale, folders)):
        # A catalogue of its own for each chain: a fallback is added to it.
        found = gettext.GNUTranslations(BytesIO(_compiled(path, path.stat().st_mtime_ns)))
        found.add_fallback(chain)
        chain = found
    return chain


@cache
def _compiled(path: Path, _changed: int) -> bytes:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    binary = BytesIO()
    with path.open("rb") as lines:
        write_mo(binary, read_po(lines))
    return binary.getvalue()
