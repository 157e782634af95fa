"""What the command line and the scheduler call: send the digests, copy the site to its targets, raise an alert."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from okr_reports import settings
from okr_reports.common.loopback import is_loopback_name
from okr_reports.deliveries.configuration import DeliverySettings, TargetSettings, read_settings
from okr_reports.deliveries.sandboxed import reaches_only_here, why_it_stays_here
from okr_reports.errors import DeliveryError, did_you_mean

if TYPE_CHECKING:
    from okr_reports.deliveries.digest import Digest
    from okr_reports.deliveries.ledger import Ledger
    from okr_reports.settings import Workspace

logger = logging.getLogger("okr")

DRY_RUN_SENDER = "OKR reports <okr-reports@localhost>"


@dataclass(frozen=True)
class Audience:
    """What the definitions say of mail: recipients by team id, the day of the check-in, the reporting time zone.

    Recipients are in no mart, so that no copy of the data holds people's addresses.
    """

    recipients: Mapping[str, Sequence[str]] = field(default_factory=dict)
    check_in_day: str = "monday"
    timezone: str = "UTC"


@dataclass(frozen=True)
class Done:
    """One thing done for one team or target, in words; `path` is the file it lies in, if it is one."""

    name: str
    what: str
    path: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.what}"


# How long one who tells of a failed run waits for another.
ALERT_WAIT = 120.0


def deliveries_dir(workspace: Workspace) -> Path:
    """Where the ledger, the outbox and what targets need between runs are kept."""
    return workspace.data_dir / "deliveries"


def run_digest(
    workspace: Workspace, audience: Audience, *, team: str | None = None, dry_run: bool = False
) -> list[Done]:
    """Send each team's digest of the coming check-in to whoever has not got it; what was done, thing by thing.

    With `dry_run` nothing is sent and the mails lie as .eml files in `<data>/deliveries/outbox/`. Raises DeliveryError
    if some did not get through, after trying all: run it again to send those. What a sandbox answered goes to addresses
    of this machine alone.
    """
    from okr_reports.deliveries.digest import compose
    from okr_reports.deliveries.ledger import open_ledger

    configured = read_settings()
    digests = compose(
        workspace.snapshot,
        team=team,
        site_url=configured.site_url,
        check_in_day=audience.check_in_day,
        today=settings.today(audience.timezone),
    )
    if dry_run:
        return [_to_outbox(digest, configured, audience, deliveries_dir(workspace) / "outbox") for digest in digests]
    done: list[Done] = []
    failures: list[str] = []
    configured, stays = kept_here(workspace, configured)
    with open_ledger(deliveries_dir(workspace)) as ledger:
        for digest in digests:
            done += [Done(digest.team, f"not sent {way}: {why}") for way, why in stays.items()]
            for way in (_by_chat,) if "by mail" in stays else (_by_mail, _by_chat):
                try:
                    done += way(digest, configured, audience, ledger)
                except DeliveryError as error:
                    failures.append(f"{digest.team}: {error}")
    return _outcome(done, failures)


def publish_targets(workspace: Workspace, *, only: Sequence[str] = ()) -> list[Done]:
    """Copy the published site to every target of the settings or to those named, encrypted where a passphrase is set.

    Raises DeliveryError if some target did not take it, after trying all, if one named is not set, or if there is no
    site. A site whose data a sandbox answered goes to addresses of this machine alone, and what was not done is said.
    """
    from okr_reports.deliveries.targets import publish_target

    release = (workspace.site_dir / "current").resolve()
    configured = read_settings()
    targets = _chosen(configured.targets, only)
    why = why_it_stays_here(workspace.data_dir, loopback_sources=configured.loopback_sources)
    if targets and not (release / "index.html").is_file():
        raise DeliveryError(f"{workspace.site_dir / 'current'} holds no site; run `okr refresh` first")
    done: list[Done] = []
    failures: list[str] = []
    for target in targets:
        if why and not reaches_only_here(target.url, target.options):
            logger.warning("%s: not copied: %s", target.name, why)
            done.append(Done(target.name, f"not copied: {why}"))
            continue
        logger.info("copying the site to %s", target.name)
        try:
            done.append(Done(target.name, publish_target(target, release, deliveries_dir(workspace))))
        except DeliveryError as error:
            failures.append(f"{target.name}: {error}")
    return _outcome(done, failures)


def _chosen(targets: Sequence[TargetSettings], only: Sequence[str]) -> list[TargetSettings]:
    known = [target.name for target in targets]
    for name in only:
        if name not in known:
            hint = did_you_mean(name, known, f"those that are: {', '.join(known) or 'none'}")
            raise DeliveryError(f"target {name} is not set under [deliveries.targets]; {hint}")
    return [target for target in targets if not only or target.name in only]


def send_alert(title: str, body: str, run_id: str) -> list[Done]:
    """Tell the services of `[deliveries] alerts` of a run; one for each. Raises DeliveryError if one was not reached.

    Each is sent once a run: by `okr refresh`, or by Dagster's daemon, whichever is first. Of what a sandbox
    answered only services at addresses of this machine are notified.
    """
    from okr_reports.deliveries.alerts import notify, service
    from okr_reports.deliveries.ledger import open_ledger
    from okr_reports.settings import Workspace

    configured = read_settings()
    workspace = Workspace.from_environment()
    why = why_it_stays_here(workspace.data_dir, loopback_sources=configured.loopback_sources)
    urls = [url for url in configured.alerts if not why or reaches_only_here(url)]
    if why and len(urls) < len(configured.alerts):
        logger.warning("%d alerts not sent: %s", len(configured.alerts) - len(urls), why)
    if not urls:
        return []
    books = {_book_name(url): url for url in urls}
    with open_ledger(deliveries_dir(workspace) / "alerts", wait_seconds=ALERT_WAIT) as ledger:
        pending = ledger.pending("alerts", run_id, list(books))
        failed = notify([books[name] for name in pending], title, body)
        missed = {url for url, _ in failed}
        reached = [name for name in pending if books[name] not in missed]
        ledger.record("alerts", run_id, reached, _moment())
    return _outcome([Done(service(books[name]), "notified") for name in reached], [why for _, why in failed])


def kept_here(workspace: Workspace, configured: DeliverySettings) -> tuple[DeliverySettings, dict[str, str]]:
    """The settings without what leads off this machine, where the data must not; way -> why it is not taken."""
    why = why_it_stays_here(workspace.data_dir, loopback_sources=configured.loopback_sources)
    if not why:
        return configured, {}
    chat = {team: tuple(url for url in urls if reaches_only_here(url)) for team, urls in configured.chat.items()}
    stays = {} if configured.smtp is None or is_loopback_name(configured.smtp.host) else {"by mail": why}
    return replace(configured, chat=chat), stays | ({} if chat == dict(configured.chat) else {"to chat": why})


def _outcome(done: list[Done], failures: list[str]) -> list[Done]:
    if failures:
        raise DeliveryError("\n".join([*failures, *(f"done: {line}" for line in done)]))
    return done


def _to_outbox(digest: Digest, configured: DeliverySettings, audience: Audience, outbox: Path) -> Done:
    from okr_reports.deliveries.ledger import write_whole
    from okr_reports.deliveries.message import to_message

    path = outbox / f"{digest.week}-{digest.team}.eml"
    message = to_message(
        digest,
        sender=configured.smtp.sender if configured.smtp else DRY_RUN_SENDER,
        recipients=list(audience.recipients.get(digest.team, ())),
        sent_at=datetime.now(UTC),
    )
    write_whole(path, message.as_bytes())
    return Done(digest.team, str(path), str(path))


def _by_mail(digest: Digest, configured: DeliverySettings, audience: Audience, ledger: Ledger) -> list[Done]:
    from okr_reports.deliveries.message import to_message
    from okr_reports.deliveries.send import send

    recipients = audience.recipients.get(digest.team, ())
    if not recipients:
        if _chat_urls(digest, configured):
            return []
        return [Done(digest.team, "nobody to send to; give the team recipients in the definitions")]
    pending = ledger.pending(digest.week, digest.team, recipients)
    if not pending:
        return [Done(digest.team, f"already sent for {digest.week}")]
    if configured.smtp is None:
        raise DeliveryError("no mail server is set; set host and sender under [deliveries.smtp]")
    message = to_message(digest, sender=configured.smtp.sender, recipients=pending, sent_at=datetime.now(UTC))
    refused = send(
        message,
        pending,
        configured.smtp,
        accepted=lambda got: ledger.record(digest.week, digest.team, got, _moment()),
    )
    if refused:
        answers = "; ".join(f"{recipient} ({answer})" for recipient, answer in refused.items())
        raise DeliveryError(f"refused by {configured.smtp.host}: {answers}; fix the team's recipients or send again")
    return [Done(digest.team, f"sent to {len(pending)}")]


def _by_chat(digest: Digest, configured: DeliverySettings, audience: Audience, ledger: Ledger) -> list[Done]:
    from okr_reports.deliveries.alerts import notify, service

    # The ledger must not hold the services' tokens.
    books = {_book_name(url): url for url in _chat_urls(digest, configured)}
    pending = ledger.pending(digest.week, digest.team, list(books))
    done, failures = [], []
    for name in pending:
        failed = notify([books[name]], digest.subject, digest.brief)
        if failed:
            failures.append(failed[0][1])
        else:
            ledger.record(digest.week, digest.team, [name], _moment())
            done.append(Done(digest.team, f"notified {service(books[name])}"))
    return _outcome(done, failures)


def _chat_urls(digest: Digest, configured: DeliverySettings) -> tuple[str, ...]:
    return (*configured.chat.get(digest.team, ()), *configured.chat.get("all", ()))


def _book_name(url: str) -> str:
    import hashlib

    from okr_reports.deliveries.alerts import service

    return f"{service(url)}:{hashlib.sha256(url.encode()).hexdigest()[:16]}"


def _moment() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
