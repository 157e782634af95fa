"""Whether mails and copies of the site would reach their places: asked of the servers, nothing sent or written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from okr_reports.deliveries.alerts import service
from okr_reports.deliveries.configuration import SmtpSettings, TargetSettings, read_settings
from okr_reports.deliveries.passphrase import fault_of
from okr_reports.deliveries.plain_text import one_line
from okr_reports.deliveries.send import check
from okr_reports.deliveries.targets import folder_of, without_secrets
from okr_reports.errors import DeliveryError

Said = tuple[str, str, bool]


def check_deliveries() -> Iterator[Said]:
    """What was looked at, what is said of it, and whether that is a fault; nothing where no delivery is set."""
    try:
        configured = read_settings()
    except DeliveryError as error:
        yield "deliveries", str(error), True
        return
    if configured.smtp:
        yield _mail(configured.smtp)
    for name, urls in (*configured.chat.items(), ("alerts", configured.alerts)):
        if urls:
            yield f"deliveries {name}", f"set: {', '.join(service(url) for url in urls)} (not asked)", False
    for target in configured.targets:
        yield _target(target)


def _mail(smtp: SmtpSettings) -> Said:
    fault = check(smtp)
    said = f"reachable by {smtp.security}" + (", login accepted" if smtp.user else "")
    return f"mail by {smtp.host}", fault or said, bool(fault)


def _target(target: TargetSettings) -> Said:
    subject = f"copy {target.name}"
    if target.passphrase and (fault := fault_of(target.passphrase, target.name)):
        return subject, f"{fault}; take five random words", True
    try:
        folder = folder_of(target.url)
        fault = _folder(folder) if folder else _remote(target)
    except DeliveryError as error:
        fault = str(error)
    except Exception as error:  # each fsspec implementation raises its own kinds
        fault = one_line(f"{type(error).__name__}: {error}")
    locked = "locked" if target.passphrase else "readable by whoever may read the place"
    text = without_secrets(fault, target.url, target.options) if fault else f"reachable, {locked}"
    return subject, text, bool(fault)


def _folder(folder: Path) -> str:
    place = folder.parent if not folder.is_dir() or folder.is_symlink() else folder
    return "" if os.access(place, os.W_OK) else f"{place} cannot be written; make it, or give this user the right"


def _remote(target: TargetSettings) -> str:
    """The place need not be there yet; the store or the repository must."""
    if target.url.startswith("git+"):
        from okr_reports.deliveries.git_branch import check_git

        check_git(target.url)
    else:
        from okr_reports.deliveries.object_store import check_object_store

        check_object_store(target.url, target.options)
    return ""
