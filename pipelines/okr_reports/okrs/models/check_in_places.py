"""`settings.check_in`: where a check-in that is written on a page of the site goes."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from okr_reports.okrs.fields import choice, refuse
from okr_reports.okrs.place import Located
from okr_reports.okrs.words import shown

HOSTS = ("github", "gitlab", "gitea", "forgejo", "bitbucket", "azure")
# the names by which a repository's address tells its host
_KNOWN = {
    "github": "github", "gitlab": "gitlab", "gitea": "gitea", "forgejo": "forgejo", "codeberg.org": "forgejo",
    "bitbucket": "bitbucket", "dev.azure.com": "azure", "visualstudio.com": "azure",
}  # fmt: skip


def _address(value: Any) -> str:
    """An address that a browser opens, without a password in it and without what would end an attribute or a query."""
    if isinstance(value, str) and re.fullmatch(r"https?://[^\s/?#@\"'<>\\`]+([/?#][^\s\"'<>\\`]*)?", value):
        return value.rstrip("/")
    raise refuse(f"{shown(value)} is not an address", "write it as https://git.example/acme/okrs, without a password")


def _branch(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[\w.+-]+(/[\w.+-]+)*", value) and ".." not in value:
        return value
    raise refuse(f"{shown(value)} is not a branch", "write its name, such as main")


def _folder(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[\w.+ -]+(/[\w.+ -]+)*/?", value) and ".." not in value:
        return value.strip("/")
    raise refuse(f"{shown(value)} is not a folder of the repository", "write it as okr_definitions/check_ins")


_TEXT = WithJsonSchema({"type": "string"})
Address = Annotated[
    str, PlainValidator(_address), WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https?://"})
]


class FormAddress(Located):
    """A form elsewhere; `{key_result}`, `{value}` and `{confidence}` in its address are filled in."""

    url: Address


class CheckInPlaces(Located):
    """Where check-ins go. Each key of its own is optional; without any, a page offers to copy or download the file.

    `repository` is the definitions' repository in a browser, `host` the software behind it (read from well-known
    names), `folder` where check-ins lie in it. `desk` is the address of `okr desk` as its users reach it.
    """

    repository: Address | None = None
    host: Annotated[str, *choice(*HOSTS)] | None = None
    branch: Annotated[str, PlainValidator(_branch), _TEXT] = "main"
    folder: Annotated[str, PlainValidator(_folder), _TEXT] = "okr_definitions/check_ins"
    desk: Address | None = None
    form: FormAddress | None = Field(default=None)

    @model_validator(mode="after")
    def _host_known(self) -> Self:
        if self.repository and self.git_host is None:
            what = f"the address {shown(self.repository)} does not tell which software the git host runs"
            raise refuse(what, "add host: " + ", ".join(HOSTS[:-1]) + f" or {HOSTS[-1]}")
        return self

    @property
    def git_host(self) -> str | None:
        """The software of the git host, as said or as its name tells."""
        name = urlsplit(self.repository or "").hostname or ""
        return self.host or next((host for known, host in _KNOWN.items() if known in name), None)
