"""Google's token endpoint: refresh tokens, and assertions that service accounts sign."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from okr_reports.sandbox.state import SandboxState

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://oauth2.googleapis.com/token"


def token_endpoint(state: SandboxState, channel: str, scope: str) -> Any:
    """The handler. A service account is known when its public key (PEM) is one of the state's words."""

    async def token(request: Request) -> Response:
        form = {name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()}
        grant = form.get("grant_type")
        if grant == "refresh_token":
            good = state.grants(form)
            problem = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        else:
            good = grant == JWT_GRANT and any(_signed(form.get("assertion", ""), word, scope) for word in state.words)
            problem = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        if not good:
            return JSONResponse(problem, 400)
        state.counts[f"{channel} refreshes"] += 1
        return JSONResponse({"access_token": state.issue_token(), "expires_in": 3599, "token_type": "Bearer"})

    return token


def _signed(assertion: str, public_key: str, scope: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if not public_key.startswith("-----BEGIN PUBLIC KEY"):
        return False
    try:
        header, claims, signature = assertion.split(".")
        key = load_pem_public_key(public_key.encode())
        if not isinstance(key, RSAPublicKey):
            return False
        key.verify(_decoded(signature), f"{header}.{claims}".encode(), PKCS1v15(), SHA256())
        said = json.loads(_decoded(claims))
    except (ValueError, InvalidSignature):
        return False
    lives = said["exp"] - said["iat"]
    right = (json.loads(_decoded(header))["alg"], said["aud"], said["scope"]) == ("RS256", AUDIENCE, scope)
    return right and 0 < lives <= 3600 and "@" in said["iss"]


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
