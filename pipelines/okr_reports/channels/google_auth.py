"""Credentials of Google's APIs for websites: a service account's key, or an OAuth client with a refresh token."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from okr_reports.channels.configuration import NO_SECRET, Secret
from okr_reports.channels.http import Authenticator, Http
from okr_reports.channels.oauth import RefreshedToken, has_neither, refresh_form
from okr_reports.errors import CredentialsError

TOKEN_HOST = "https://oauth2.googleapis.com"
# Google takes an assertion for an hour at most; the token it gives lives as long.
ASSERTION_LIVES = 3600
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, kw_only=True)
class GoogleCredentials:
    """Either `service_account_json`, the key file's content (the e-mail in it needs access to each account), or the
    three of an OAuth client. While the OAuth app's status is "Testing", Google ends its refresh tokens after a week.
    """

    service_account_json: Secret = NO_SECRET
    client_id: str = ""
    client_secret: Secret = NO_SECRET
    refresh_token: Secret = NO_SECRET


def google_token(http: Http, credentials: GoogleCredentials, scope: str) -> Authenticator:
    """What puts these credentials into the requests of `http`. Raises CredentialsError if they are not complete."""
    token_http = token_server(http)
    if credentials.service_account_json:
        key = _key(http.channel, credentials.service_account_json)
        http.secrets = (*http.secrets, key["private_key"])
        return ServiceAccountToken(token_http, key, scope)
    form = refresh_form(credentials)
    if not form:
        raise has_neither(http.channel, "service_account_json")
    return RefreshedToken(lambda: token_http, "token", "", form)


def token_server(http: Http) -> Http:
    """Where the tokens for `http` come from: Google has another host for them, a sandbox has all in one place."""
    if (urlsplit(http.base_url).hostname or "").endswith(".googleapis.com"):
        return Http(http.channel, TOKEN_HOST, secrets=http.secrets)
    return http


class ServiceAccountToken(RefreshedToken):
    """An access token for a service account: RFC 7523, the assertion signed anew for each token."""

    def __init__(self, http: Http, key: dict[str, str], scope: str) -> None:
        super().__init__(lambda: http, "token", "", {"grant_type": JWT_GRANT})
        self._key = key
        self._scope = scope

    def _fetch(self) -> None:
        self._form = {"grant_type": JWT_GRANT, "assertion": _assertion(self._key, self._scope)}
        super()._fetch()


def _key(channel: str, written: str) -> dict[str, str]:
    """The parts of a key file that are needed. Raises CredentialsError, never showing any of it."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    todo = f"put the whole JSON key file of the service account into [sources.{channel}.credentials]"
    try:
        found = json.loads(written)
        key = {name: str(found[name]) for name in ("client_email", "private_key")}
        load_pem_private_key(key["private_key"].encode(), None)
    except (ValueError, KeyError, TypeError):
        raise CredentialsError(channel, "service_account_json is not a service account's key", todo) from None
    return key


def _assertion(key: dict[str, str], scope: str) -> str:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    now = int(time.time())
    claims = {
        "iss": key["client_email"],
        "scope": scope,
        "aud": f"{TOKEN_HOST}/token",
        "iat": now,
        "exp": now + ASSERTION_LIVES,
    }
    signed = f"{_encoded({'alg': 'RS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    private = load_pem_private_key(key["private_key"].encode(), None)
    if not isinstance(private, RSAPrivateKey):
        raise TypeError("a service account's key is RSA")
    return f"{signed}.{_base64url(private.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _encoded(value: Any) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
