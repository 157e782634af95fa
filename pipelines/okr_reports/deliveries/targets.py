"""Copies of the published site at other places: a folder, an object store, a branch of git."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote, urlsplit

from okr_reports.common import progress
from okr_reports.deliveries.answering import Answering
from okr_reports.deliveries.configuration import SECTION, SILENCE_SECONDS, TargetSettings
from okr_reports.deliveries.folder import publish_folder
from okr_reports.deliveries.git_branch import publish_git
from okr_reports.deliveries.object_store import publish_object_store
from okr_reports.deliveries.plain_text import one_line
from okr_reports.deliveries.site_files import site_files
from okr_reports.errors import ClearHistoryError, DeliveryError, LockedPlaceError

# An entry point's name is a scheme of URLs, its value `send(url, release, options)`: it makes the place at `url` show
# the site in the folder `release`, raises any exception with what went wrong, and returns in words what was done.
GROUP = "okr_reports.deliveries"
# A package's would take their place.
OWN_SCHEMES = {"", "file", "git", "s3", "gs", "gcs", "az", "abfs", "abfss", "http", "https", "memory", "sftp"}


def publish_target(target: TargetSettings, release: Path, work_dir: Path) -> str:
    """Copy `release` to one target, encrypted if that has a passphrase; in words what was done."""
    if target.passphrase:
        from okr_reports.deliveries.encrypt import encrypt_for_target

        release = encrypt_for_target(target, release, work_dir)
    try:
        return publish_to(
            target.url,
            release,
            options=target.options,
            work_dir=work_dir,
            keep_history=target.keep_history,
            accept_clear_history=target.accept_clear_history,
            accept_readable=target.accept_readable,
            silence_seconds=target.timeout_seconds,
            name=target.name,
        )
    except LockedPlaceError as error:
        raise DeliveryError(
            f"{error}; set its passphrase again, or, if everybody may read it now, accept_readable = true under"
            f" [{SECTION}.targets.{target.name}]"
        ) from None
    except ClearHistoryError as error:
        variable = f"{SECTION}__targets__{target.name}__keep_history".upper()
        raise DeliveryError(
            f"{error}, from before its passphrase was set; replace all of it by one commit with `{variable}=false okr"
            f" publish --target {target.name}` (a host may go on showing old commits to who knows their hash), or set"
            f" accept_clear_history = true under [{SECTION}.targets.{target.name}]"
        ) from None


def publish_to(
    url: str,
    release: Path,
    *,
    options: Mapping[str, Any] | None = None,
    work_dir: Path,
    keep_history: bool = True,
    accept_clear_history: bool = False,
    accept_readable: bool = False,
    silence_seconds: float = SILENCE_SECONDS,
    name: str = "the target",
) -> str:
    """Make the place at `url` show the site in `release`; in words what was done.

    A path or `file://` is a folder, `git+...://` a branch, a scheme that an installed package serves (GROUP) what that
    makes of it, anything else an object store of fsspec with its `options`.
    `work_dir` is kept between runs (git's objects, how far a copy is). Raises DeliveryError; it names no credential.
    """
    files = site_files(release)
    if not files:
        raise DeliveryError(f"{release} holds no site; run `okr refresh` first")
    how: dict[str, Any] = {
        "journal": work_dir / "copies" / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.jsonl",
        "answering": Answering(name, silence_seconds),
        "advance": lambda done, total: progress.advance(f"files to {name}", done, total),
    }
    try:
        if folder := folder_of(url):
            return publish_folder(folder, files, **how, accept_readable=accept_readable)
        if url.startswith("git+"):
            return publish_git(
                url,
                release,
                work_dir,
                keep_history=keep_history,
                accept_clear_history=accept_clear_history,
                accept_readable=accept_readable,
                silence_seconds=silence_seconds,
                summary=f"Publish {len(files)} files",
            )
        if (send := _brought(urlsplit(url).scheme)) is not None:
            return send(url, release, options or {})
        return publish_object_store(url, files, options or {}, **how, accept_readable=accept_readable)
    except (ClearHistoryError, LockedPlaceError):
        raise
    except DeliveryError as error:
        raise DeliveryError(without_secrets(str(error), url, options)) from None
    except Exception as error:  # each fsspec implementation raises its own kinds
        words = without_secrets(f"{type(error).__name__}: {error}", url, options)
        raise DeliveryError(
            f"{one_line(words)}; check the target's url, options and rights, then publish again"
        ) from None


def _brought(scheme: str) -> Callable[[str, Path, Mapping[str, Any]], str] | None:
    """What an installed package sends a site by, if one serves this scheme of URLs."""
    found = list(entry_points(group=GROUP, name=scheme))
    if not found:
        return None
    owners = ", ".join(sorted(entry.dist.name if entry.dist else entry.value for entry in found))
    if scheme in OWN_SCHEMES:
        raise DeliveryError(f"{scheme}:// is a scheme of okr-reports, and {owners} brings it too; uninstall {owners}")
    if len(found) > 1:
        raise DeliveryError(f"{scheme}:// is brought by several packages: {owners}; uninstall all but one of them")
    return cast("Callable[[str, Path, Mapping[str, Any]], str]", found[0].load())


def folder_of(url: str) -> Path | None:
    """The folder that a path or `file://` names; None for every other place."""
    scheme, separator, _ = url.partition("://")
    if not separator:
        return Path(url).expanduser()
    return Path(unquote(urlsplit(url).path)).expanduser() if scheme == "file" else None


def without_secrets(text: str, url: str, options: Mapping[str, Any] | None) -> str:
    """`text` without the options' values and the URL's password."""
    password = urlsplit(url).password
    for secret in {*_texts_in(options or {}), *([password] if password else [])}:
        for form in (secret, quote(secret, safe="")):
            text = text.replace(form, "********") if len(form) >= 6 else text
    return text


def _texts_in(options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        if isinstance(value, Mapping):
            yield from _texts_in(value)
        # An address in a message helps; it is no secret.
        elif isinstance(value, str) and not name.endswith("_url"):
            yield value
