"""Texts of the site in the report's language: gettext catalogues, compiled in memory from .po files.

The English text is the key. The workspace's `reports/translations/` comes first, then the package's own catalogue; in
each the file of the whole locale (`pt_BR.po`), then that of its language (`pt.po`). What none translates stays English.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from okr_reports.errors import shown_path
from okr_reports.report_site.faults import PageFault
from okr_reports.words import catalogues, language_of, mistakes, translations

SHIPPED = Path(__file__).parents[1] / "builtin" / "translations"


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
    """Looks texts up for a locale (`pt-BR`) or a language (`pt`), in the workspace's folders, then in the package."""

    def __init__(self, locale: str, folders: Iterable[Path]) -> None:
        self.code = language_of(locale)
        self._untranslated = Untranslated()
        folders = list(folders)
        self.faults = [
            PageFault(shown_path(path), line, what, "correct it, save it as UTF-8, or remove it: English stands there")
            for path, line, what in mistakes(locale, folders)
        ]
        self._translations = translations(locale, (*folders, SHIPPED), self._untranslated)

    @property
    def missing(self) -> set[str]:
        """The texts asked for so far that have no translation; English needs none."""
        return set() if self.code == "en" else set(self._untranslated.missing)

    def text(self, message: str, **values: Any) -> str:
        """The text of `message` with its `%(name)s` filled in."""
        found = self._translations.gettext(message)
        return found % values if values else found

    def plural(self, singular: str, many: str, number: int, **values: Any) -> str:
        """`singular` or `many`, by the language's own rule for `number`; `%(n)s` is the number unless given."""
        return self._translations.ngettext(singular, many, number) % {"n": number, **values}


def translated(locale: str, folders: Iterable[Path]) -> tuple[int, int]:
    """How many of the site's texts are translated into the language of `locale`, of how many.

    Counted against the Spanish catalogues, which a test holds complete.
    """
    folders = [*folders, SHIPPED]
    known = {text for path in catalogues("es", folders) for text in _texts(path)}
    done = {text for path in catalogues(locale, folders) for text in _texts(path)}
    return len(known & done), len(known)


def _texts(path: Path) -> set[str]:
    """The English texts that a file translates."""
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as lines:
            found = [message for message in read_po(lines) if message.id and message.string]
    except (OSError, ValueError, LookupError, PoFileError):
        return set()  # `faults` says so
    return {message.id if isinstance(message.id, str) else message.id[0] for message in found}
