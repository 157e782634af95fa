"""`from: {rest: file.yml}`: dlt's declarative REST source, run through the HTTP client of channels.

The file has the structure of dlt's RESTAPIConfig (https://dlthub.com/docs/dlt-ecosystem/verified-sources/rest_api).
Nothing of dlt's state is used: each load asks for the days of its window, so an `incremental` begins at them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from okr_reports.channels.addresses import check_base_url
from okr_reports.channels.runners.records import Recorder
from okr_reports.channels.runners.session import ChannelSession
from okr_reports.channels.runners.settings import Section, filled, for_account, where_to_set
from okr_reports.channels.windows import DAY, Window
from okr_reports.errors import ChannelError, CredentialsError, VendorError, quoted
from okr_reports.file_sources import FileSource

# What each way of authentication needs, and the names that a section may have for it.
_AUTH: dict[str, dict[str, tuple[str, ...]]] = {
    "bearer": {"token": ("token", "access_token", "api_key", "api_token")},
    "api_key": {"api_key": ("api_key", "token", "access_token", "api_token", "key")},
    "http_basic": {"username": ("username", "user", "client_id"), "password": ("password", "api_key", "token")},
    "oauth2_client_credentials": {"client_id": ("client_id",), "client_secret": ("client_secret",)},
}
_NO_SECRET = {"http_basic": "password"}


class RestConnector:
    """One source's declaration, filled for one window."""

    def __init__(self, source: FileSource, section: Section, window: Window) -> None:
        assert source.connector is not None
        self.source, self.section, self.channel = source, section, source.channel
        self.stream = source.connector.stream
        declared = json.loads(source.connector.declared)
        settings = {**json.loads(source.connector.config), **for_account(source, section).values}
        self.declared = filled(self.channel, declared, Section(section.settings, settings, section.secrets), window)
        client = self.declared["client"]
        if section.settings.base_url:
            client["base_url"] = section.settings.base_url
        check_base_url(self.channel, client["base_url"])
        self._authenticate(client)
        for resource in self._resources():
            self._authenticate(resource.get("endpoint"))
            _begin_at(resource.get("endpoint"), window)

    def _resources(self) -> list[dict[str, Any]]:
        defaults = self.declared.get("resource_defaults")
        every = [*([defaults] if isinstance(defaults, Mapping) else []), *self.declared["resources"]]
        return [resource for resource in every if isinstance(resource, dict)]

    def _authenticate(self, holder: Any) -> None:
        """Fill what an `auth` leaves out from the section. Raises CredentialsError where it is in neither."""
        written = holder.get("auth") if isinstance(holder, dict) else None
        if written is None:
            return
        auth = {"type": written} if isinstance(written, str) else {"type": "bearer", **written}
        if auth["type"] not in _AUTH:
            raise ChannelError(self.channel, f"`auth` is of no type that is known ({auth['type']})", _types())
        for name, others in _AUTH[auth["type"]].items():
            if auth.get(name):
                continue
            found = next((self.section.values[other] for other in others if self.section.values.get(other)), None)
            if found is None and name == _NO_SECRET.get(auth["type"]):
                found = ""
            if found is None:
                what = f"the setting {name} is missing, which `auth` needs"
                raise CredentialsError(self.channel, what, where_to_set(self.channel, name))
            auth[name] = str(found)
        holder["auth"] = auth

    def _secrets(self) -> tuple[str, ...]:
        section = [value for name in ("client",) for value in _auth_texts(self.declared[name].get("auth"))]
        for resource in self._resources():
            endpoint = resource.get("endpoint")
            section += _auth_texts(endpoint.get("auth") if isinstance(endpoint, Mapping) else None)
        return tuple(dict.fromkeys([*self.section.secrets, *section]))

    def session(self, say: Callable[[str], None]) -> ChannelSession:
        """The session of its requests: to the hosts of its base_url and of the place that issues tokens, no other."""
        client, bases, accepted = self.declared["client"], [self.declared["client"]["base_url"]], set()
        holders = [client, *(resource.get("endpoint") for resource in self._resources())]
        for holder in [candidate for candidate in holders if isinstance(candidate, Mapping)]:
            auth = holder.get("auth")
            if isinstance(auth, Mapping) and auth.get("access_token_url"):
                bases.append(str(auth["access_token_url"]))
            for action in holder.get("response_actions") or ():
                accepted.add(action.get("status_code") if isinstance(action, Mapping) else None)
        return ChannelSession(
            self.channel,
            bases,
            self._secrets(),
            self.section.settings.budget(),
            say,
            {status for status in accepted if status},
        )

    def write(self, recorder_of: Callable[[tuple[str, ...]], Recorder], say: Callable[[str], None]) -> Recorder:
        """Ask, and hand the records to a Recorder. Raises ChannelError."""
        session = self.session(say)
        try:
            resource = self._resource(session)
            key = resource.compute_table_schema().get("columns", {})
            recorder = recorder_of(tuple(name for name, column in key.items() if column.get("primary_key")))
            for page in _pages(resource):
                recorder.add(page)
                session.budget.let_go()
        except ChannelError:
            raise
        except Exception as error:
            raise self._failed(error) from None
        return recorder

    def probe(self, say: Callable[[str], None]) -> None:
        """Ask for the first record. Raises ChannelError."""
        session = self.session(say)
        try:
            next(iter(self._resource(session)), None)
        except ChannelError:
            raise
        except Exception as error:
            raise self._failed(error) from None

    def _resource(self, session: ChannelSession) -> Any:
        from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
        from dlt.sources.rest_api import rest_api_resources

        client = {**self.declared["client"], "session": session}
        auth = client.get("auth")
        if isinstance(auth, Mapping) and auth["type"] == "oauth2_client_credentials":
            given = {name: value for name, value in auth.items() if name != "type"}
            client["auth"] = OAuth2ClientCredentials(**given, session=session)
        whole: Any = {**self.declared, "client": client}
        resources = {resource.name: resource for resource in rest_api_resources(whole)}
        name = self.stream or next(iter(resources))
        return resources[name]

    def _failed(self, error: Exception) -> ChannelError:
        """What went wrong within dlt: our own error where there is one below, else its words."""
        below: BaseException | None = error
        while below is not None:
            if isinstance(below, ChannelError):
                return below
            below = below.__cause__ or below.__context__
        from okr_reports.channels.redaction import redact

        words = redact(str(error).splitlines()[0] if str(error) else "", self._secrets())[:300]
        place = self.source.connector.name if self.source.connector else ""
        what = f"the declaration {place} cannot be run: {type(error).__name__} {quoted(words)}"
        return VendorError(self.channel, what, f"correct it (declared at {self.source.defined_at})")


def _pages(resource: Any) -> Iterator[list[Any]]:
    """Records of a resource, some at a time."""
    page: list[Any] = []
    for record in resource:
        page.append(record)
        if len(page) >= 1000:
            yield page
            page = []
    yield page


def _begin_at(endpoint: Any, window: Window) -> None:
    """An `incremental` begins at the window's first day; an end, which is open in dlt, is the day after its last."""
    if not isinstance(endpoint, dict):
        return
    params = endpoint.get("params")
    holders = [endpoint.get("incremental"), *(params.values() if isinstance(params, Mapping) else ())]
    for holder in holders:
        if not isinstance(holder, dict):
            continue
        for name, day in (("initial_value", window.start), ("end_value", window.end + DAY)):
            written = holder.get(name)
            if isinstance(written, str) and len(written) >= 10 and written[:4].isdigit() and written[4] == "-":
                holder[name] = day.isoformat() + written[10:]


def _auth_texts(auth: Any) -> list[str]:
    return [str(value) for name, value in auth.items() if name in _SECRET] if isinstance(auth, Mapping) else []


_SECRET = ("token", "api_key", "password", "client_secret", "access_token")


def _types() -> str:
    return f"write one of {', '.join(_AUTH)}"
