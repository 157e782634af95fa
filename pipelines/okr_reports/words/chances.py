"""A chance in words, alike on pages and in mails: "8 in 10", since "81 %" says more than any forecast knows."""

from __future__ import annotations

from collections.abc import Callable

# Below it, or above one minus it, chances are not distinguished while a period runs (docs/forecasts.md).
FLOOR = 0.02


def N_(message: str) -> str:
    return message


UNDER, OVER, TENTHS = N_("under %(share)s"), N_("over %(share)s"), N_("%(times)s in 10")
CERTAIN, NEVER, RARE, NEARLY = N_("certain"), N_("out of reach"), N_("1 in 20"), N_("19 in 20")
MESSAGES = (UNDER, OVER, TENTHS, CERTAIN, NEVER, RARE, NEARLY)


def chance_words(say: Callable[..., str], share: Callable[[float], str], probability: float) -> str:
    """`say` translates a message with its values, `share` writes a share in per cent. 0 and 1 are what is decided."""
    if probability in (0, 1):
        return say(CERTAIN) if probability else say(NEVER)
    if probability <= FLOOR:
        return say(UNDER, share=share(FLOOR))
    if probability >= 1 - FLOOR:
        return say(OVER, share=share(1 - FLOOR))
    tenths = round(probability * 10)
    if tenths in (0, 10):
        return say(NEARLY) if tenths else say(RARE)
    return say(TENTHS, times=str(tenths))
