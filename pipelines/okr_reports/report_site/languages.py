"""Texts of the site in the report's language: gettext catalogues, compiled in memory from .po files.

The English text is the key. The package's own catalogue comes first, then the workspace's `reports/translations/`.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).parent / "builtin" / "translations"


class Untranslated(gettext.NullTranslations):
    """The end of the chain: gives the English text back and remembers that there was no other."""

    def __init__(self) -> None:
        super().__init__()
        self.missing: set[str] = set()

    def gettext(self, message: str) -> str:
        self.missing.add(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.missing.add(msgid1)
        return msgid1 if n == 1 else msgid2


class Language:
    """Looks texts up; what is not translated stays English."""

    def __init__(self, code: str, folders: Iterable[Path]) -> None:
        self.code = code
        self._untranslated = Untranslated()
        self._translations: gettext.NullTranslations = self._untranslated
        for path in reversed([folder / f"{code}.po" for folder in (SHIPPED, *folders)]):
            if path.is_file():
                catalogue = _compile(path)
                catalogue.add_fallback(self._translations)
                self._translations = catalogue

    @property
    def missing(self) -> set[str]:
        """The texts asked for so far that have no translation; English needs none."""
        return set() if self.code == "en" else set(self._untranslated.missing)

    def text(self, message: str, **values: Any) -> str:
        """The text of `message` with its `%(name)s` filled in."""
        found = self._translations.gettext(message)
        return found % values if values else found

    def plural(self, one: str, many: str, number: int, **values: Any) -> str:
        """`one` or `many`, by the language's own rule for `number`; `%(n)s` is the number unless given."""
        return self._translations.ngettext(one, many, number) % {"n": number, **values}


def _compile(path: Path) -> gettext.GNUTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as lines:
        catalogue = read_po(lines)
    binary = BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return gettext.GNUTranslations(binary)
