"""Bearer tokens that are refreshed once for all threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode

from okr_reports.errors import ChannelError, CredentialsError, VendorError

if TYPE_CHECKING:
    from okr_reports.channels.http import Http


class Client(Protocol):
    """An OAuth client as settings hold it, with the refresh token it was given."""

    @property
    def client_id(self) -> str: ...

    @property
    def client_secret(self) -> str: ...

    @property
    def refresh_token(self) -> str: ...


def refresh_form(client: Client, scope: str = "", *, is_public: bool = False) -> dict[str, str]:
    """What gets an access token from a refresh token; {} where a part is missing. A public client has no secret."""
    form = {"grant_type": "refresh_token", "client_id": client.client_id}
    if not is_public:
        form["client_secret"] = str(client.client_secret)
    form["refresh_token"] = str(client.refresh_token)
    if not all(form.values()):
        return {}
    return {**form, "scope": scope} if scope else form


def has_neither(channel: str, other: str) -> CredentialsError:
    """Of credentials with neither `other` ("an access_token") nor what a refresh takes."""
    return CredentialsError(
        channel,
        f"has neither {other} nor client_id, client_secret and refresh_token",
        f"set them under [sources.{channel}.credentials] in .dlt/secrets.toml, or as "
        f"SOURCES__{channel.upper()}__CREDENTIALS__{other.split()[-1].upper()} etc. in the environment",
    )


class RefreshedToken:
    """An OAuth2 access token from a refresh token (RFC 6749 section 6), single flight.

    `access_token` may be empty: the first request then fetches one. `token_path` lies below the channel's base_url
    or is a whole URL of `http`. Without `refresh_form` an expired token is final. Where the vendor hands out a new
    refresh token with every access token, that one is used from then on, in this process only.
    """

    def __init__(
        self, http: Callable[[], Http], token_path: str, access_token: str, refresh_form: dict[str, str]
    ) -> None:
        self._http = http
        self._token_path = token_path
        self._access_token = access_token
        self._form = refresh_form
        self._lock = threading.Lock()

    def headers(self) -> dict[str, str]:
        """The token as a header; the first call may fetch it, and others wait for that."""
        with self._lock:
            if not self._access_token:
                self._fetch()
            return {"Authorization": f"Bearer {self._access_token}"}

    def refresh(self, refused: dict[str, str]) -> bool:
        """A new token in place of the refused one, unless another thread has already fetched it."""
        if not self._form:
            return False
        with self._lock:
            if refused.get("Authorization") == f"Bearer {self._access_token}":
                self._fetch()
        return True

    def _fetch(self) -> None:
        http = self._http()
        try:
            reply = http.send(
                "POST",
                self._token_path,
                body=urlencode(self._form).encode(),
                authenticated=False,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
        except VendorError as error:
            # a refused grant is HTTP 400 (RFC 6749 section 5.2), but it is the credentials that are wrong
            raise (
                _wrong_grant(http.channel, self._form.get("scope", "")) if "HTTP 400" in str(error) else error
            ) from None
        token = reply.data.get("access_token") if isinstance(reply.data, dict) else None
        if not isinstance(token, str) or not token:
            raise _wrong_grant(http.channel, self._form.get("scope", ""))
        http.secrets = (*http.secrets, token)
        self._access_token = token
        rotated = reply.data.get("refresh_token")
        if isinstance(rotated, str) and rotated:
            http.secrets = (*http.secrets, rotated)
            self._form = {**self._form, "refresh_token": rotated}


class FixedToken:
    """A token that only a person can renew, in the header the vendor wants it in."""

    def __init__(self, header: str, value: str) -> None:
        self._headers = {header: value}

    def headers(self) -> dict[str, str]:
        """The token in its header."""
        return dict(self._headers)

    def refresh(self, refused: dict[str, str]) -> bool:
        """Always False: there is no other one."""
        return False


def _wrong_grant(channel: str, scope: str) -> ChannelError:
    again = f"authorise again with the scope {scope}" if scope else "authorise again"
    return CredentialsError(
        channel,
        "the vendor does not accept the refresh token",
        f"{again} and set refresh_token in [sources.{channel}.credentials]",
    )
