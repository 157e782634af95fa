"""Taking secrets out of texts: by value, in every form they travel in."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

# Shorter ones (the sandbox's own word apart) would blank out ordinary words.
_SHORTEST = 6


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` with every secret replaced by asterisks: as it is, URL-encoded, and in base64."""
    for secret in secrets:
        if len(secret) < _SHORTEST:
            continue
        encoded = base64.b64encode(secret.encode()).decode()
        forms = {secret, quote(secret, safe=""), quote_plus(secret), encoded, encoded.rstrip("=")}
        # the longest first: a form that begins another would leave the other's end standing
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, "********")
    return text
