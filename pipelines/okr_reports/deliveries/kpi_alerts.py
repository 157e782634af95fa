"""What is unusual of watched KPIs, as one mail to those whom `alerts` names: each thing once to each of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okr_reports.common.analysts_copy import open_copy
from okr_reports.deliveries.commands import ALERT_WAIT, Done, deliveries_dir, kept_here
from okr_reports.deliveries.configuration import SmtpSettings, read_settings
from okr_reports.deliveries.message import address, check_headers
from okr_reports.deliveries.plain_text import header_text, one_line
from okr_reports.deliveries.wording import Wording, catalogue
from okr_reports.errors import DeliveryError

if TYPE_CHECKING:
    from okr_reports.deliveries.ledger import Ledger
    from okr_reports.settings import Workspace

Row = dict[str, Any]

BOOK = "kpi_alerts"
# Corrected numbers move an alert by days; that does not make it another one.
SAME_WITHIN_DAYS = 14

NEWS = """
select
    a.*, k.title, k.unit, r.title as key_result_title, r.status_reason,
    coalesce(c.title, h.channel) as channel_title, h.account_name
from marts.kpi_alerts as a
join marts.dim_kpi as k using (kpi_id)
left join marts.key_results as r on a.reason_code = 'target_at_risk' and r.key_result_id = a.subject
left join marts.source_health as h
    on a.reason_code = 'source_silent' and concat_ws('/', h.channel, h.account_id) = a.subject
left join marts.dim_channel as c on c.channel = h.channel
where a.is_recent
order by k.title, a.kpi_id, a.date, a.reason_code, a.subject
"""
CONTEXT = "select organisation, locale, language, currency from marts.report_context"


def news(snapshot: Path) -> list[Row]:
    """The recent rows of `kpi_alerts` with the names that a sentence needs; none in a copy of an older version."""
    with open_copy(snapshot) as connection:
        there = connection.execute("select count(*) from duckdb_tables() where table_name = 'kpi_alerts'").fetchone()
        return _rows(connection, NEWS) if there and there[0] else []


def tell(workspace: Workspace, recipients: Sequence[str]) -> list[Done]:
    """Mail what is news to those who have not had it; nothing where there is none. Raises DeliveryError.

    What a sandbox answered goes to a mail server of this machine alone.
    """
    from okr_reports.deliveries.ledger import open_ledger

    found = news(workspace.snapshot)
    if not found or not recipients:
        return []
    configured, stays = kept_here(workspace, read_settings())
    if "by mail" in stays:
        return [Done("alerts", f"not sent by mail: {stays['by mail']}")]
    with open_copy(workspace.snapshot) as connection:
        (context,) = _rows(connection, CONTEXT)
    done: list[Done] = []
    with open_ledger(deliveries_dir(workspace) / "alerts", wait_seconds=ALERT_WAIT) as ledger:
        for rows, names in _bundles(found, recipients, ledger):
            if configured.smtp is None:
                raise DeliveryError("alerts: no mail server is set; set host and sender under [deliveries.smtp]")
            _send(rows, names, context, configured.smtp, configured.site_url, ledger)
            done.append(Done("alerts", f"{len(rows)} sent to {len(names)}"))
    return done


def _rows(connection: Any, query: str) -> list[Row]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _thing(row: Row) -> str:
    return f"{row['kpi_id']} {row['reason_code']} {row['subject']}"


def _bundles(found: list[Row], recipients: Sequence[str], ledger: Ledger) -> list[tuple[list[Row], list[str]]]:
    """Recipients of the same alerts, together."""
    configured = ledger.entries(BOOK)
    bundles: dict[tuple[int, ...], list[str]] = {}
    for recipient in dict.fromkeys(recipients):
        known = [(key.rpartition(" ")[0], _day(key)) for key, got in configured.items() if recipient in got]
        pending = tuple(
            place
            for place, row in enumerate(found)
            if not any(
                thing == _thing(row) and abs((day - row["date"]).days) <= SAME_WITHIN_DAYS for thing, day in known
            )
        )
        if pending:
            bundles.setdefault(pending, []).append(recipient)
    return [([found[place] for place in places], names) for places, names in bundles.items()]


def _day(key: str) -> date:
    return date.fromisoformat(key.rpartition(" ")[2])


def _send(
    rows: list[Row], recipients: list[str], context: Row, smtp: SmtpSettings, site_url: str | None, ledger: Ledger
) -> None:
    from okr_reports.deliveries.send import send

    def accepted(names: Sequence[str]) -> None:
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        for row in rows:
            ledger.record(BOOK, f"{_thing(row)} {row['date']}", names, moment)

    message = to_message(rows, context, sender=smtp.sender, recipients=recipients, site_url=site_url)
    refused = send(message, recipients, smtp, accepted=accepted)
    if refused:
        answers = "; ".join(f"{recipient} ({answer})" for recipient, answer in refused.items())
        raise DeliveryError(f"alerts: refused by {smtp.host}: {answers}; correct `to` of `alerts`, or refresh again")


def to_message(
    rows: Sequence[Row], context: Row, *, sender: str, recipients: Sequence[str], site_url: str | None
) -> EmailMessage:
    """The mail of these rows, in the language of the reports. Raises DeliveryError for what is no mail address."""
    say = catalogue(context["language"]).gettext
    wording = Wording(context["locale"], context["currency"])
    origin = address(sender)
    titles = ", ".join(dict.fromkeys(one_line(str(row["title"]), 60) for row in rows))
    lines = [f"- {_sentence(row, wording, say)}" for row in rows]
    unusual = say("unusual")
    mute = say("To silence a KPI: okr mute KPI --until DAY, or an event in the definitions.")
    message = EmailMessage(policy=SMTP)
    message["Subject"] = header_text(f"{one_line(context['organisation'], 60)}: {unusual}: {titles}", 200)
    message["From"] = origin
    message["To"] = [address(recipient) for recipient in recipients]
    message["Date"] = datetime.now(UTC)
    mark = hashlib.sha256(repr((context["organisation"], [(_thing(row), str(row["date"])) for row in rows])).encode())
    message["Message-ID"] = f"<okr-alerts.{mark.hexdigest()[:24]}@{origin.domain}>"
    message["Content-Language"] = context["language"]
    # Keeps holiday replies away (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join([*lines, "", mute, *([site_url] if site_url else [])]) + "\n", cte="quoted-printable")
    check_headers(message)
    return message


def _sentence(row: Row, wording: Wording, say: Callable[[str], str]) -> str:
    def number(name: str) -> str:
        return wording.number(row[name], row["unit"])

    named = {
        "title": one_line(str(row["title"]), 80), "day": wording.day(row["date"]), "value": number("value"),
        "low": number("low"), "high": number("high"), "days": row["days"],
        "key_result": one_line(row["key_result_title"] or row["subject"], 80),
        "source": one_line(" ".join(part for part in (row["channel_title"], row["account_name"]) if part), 80),
    }  # fmt: skip
    if row["reason_code"] == "source_silent":
        return say("%(title)s: %(source)s has sent nothing since %(day)s.") % named
    if row["reason_code"] == "target_at_risk":
        text = say("%(title)s: the target of “%(key_result)s” is at risk since %(day)s.") % named
        return f"{text} {one_line(row['status_reason'])}" if row["status_reason"] else text
    if row["days"] == 1:
        return say("%(title)s: %(value)s on %(day)s, expected were %(low)s to %(high)s.") % named
    return say("%(title)s: %(value)s in the %(days)s days to %(day)s, expected were %(low)s to %(high)s.") % named
