"""Whether a passphrase keeps out whoever has the locked files and may guess for ever."""

from __future__ import annotations

import unicodedata

from okr_reports.errors import DeliveryError

SHORTEST_PASSPHRASE = 12
# Of zxcvbn's 0 to 4: more than 10^8 guesses, "offline slow hash scenario" and up.
LEAST_SCORE = 3
# zxcvbn refuses longer ones; what comes after makes none weaker.
_JUDGED = 72


def typed(passphrase: str) -> str:
    """The passphrase in the one form that it has for the key, however a keyboard composes its letters."""
    return unicodedata.normalize("NFC", passphrase.strip())


def judge(passphrase: str, *known: str) -> None:
    """Raise DeliveryError if it can be guessed; `known` are words that an attacker would try first (names, hosts)."""
    if fault := fault_of(passphrase, *known):
        raise DeliveryError(f"{fault}, so whoever has the files can guess it; take five random words")


def fault_of(passphrase: str, *known: str) -> str:
    """What is wrong with it, without a word of it; empty if nothing is."""
    from zxcvbn import zxcvbn

    text = typed(passphrase)
    if len(text) < SHORTEST_PASSPHRASE:
        return f"the passphrase has less than {SHORTEST_PASSPHRASE} characters"
    judged = zxcvbn(text[:_JUDGED], user_inputs=["okr", "okrs", "report", *known])
    if judged["score"] >= LEAST_SCORE:
        return ""
    return f"the passphrase is weak (zxcvbn gives it {judged['score']} of 4, {LEAST_SCORE} are needed)"
