"""A digest as a mail: text, HTML and its images. Headers are the email package's objects, never joined strings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from okr_reports.deliveries.digest import Digest
from okr_reports.deliveries.plain_text import header_text, one_line
from okr_reports.errors import DeliveryError


def address(text: str) -> Address:
    """One mail address, `okr@example.com` or `OKR <okr@example.com>`. Raises DeliveryError for anything else."""
    try:
        header = SMTP.header_factory("from", text)
        (found,) = header.addresses
        alone = text == one_line(text) and not header.defects and header.groups[0].display_name is None
        if alone and found.username and found.domain:
            return Address(header_text(found.display_name), found.username, found.domain.encode("idna").decode())
    except (ValueError, IndexError, AttributeError, UnicodeError):
        pass
    raise DeliveryError(f"{text!r} is not one mail address; write it as team@example.com")


def message_id(digest: Digest, sender: Address) -> str:
    """The same for every copy of one team's digest of one week, so that a mailbox can tell a duplicate.

    The digest of the organisation's name keeps two workspaces with one sender apart.
    """
    mark = hashlib.sha256(digest.organisation.encode()).hexdigest()[:12]
    return f"<okr-digest.{digest.week}.{digest.team}.{mark}@{sender.domain}>"


def to_message(digest: Digest, *, sender: str, recipients: Sequence[str], sent_at: datetime) -> EmailMessage:
    """The mail of one digest to all its recipients. Raises DeliveryError for what is no mail address."""
    origin = address(sender)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = digest.subject
    message["From"] = origin
    if recipients:
        message["To"] = [address(recipient) for recipient in recipients]
    message["Date"] = sent_at
    message["Message-ID"] = message_id(digest, origin)
    message["Content-Language"] = digest.language
    # Keeps holiday replies away (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    # Quoted-printable passes servers without 8BITMIME and stays readable in an .eml file.
    message.set_content(digest.text, cte="quoted-printable")
    message.add_alternative(digest.html, subtype="html", cte="quoted-printable")
    page = list(message.iter_parts())[-1]
    for name, image in digest.images.items():
        page.add_related(image, "image", "png", cid=f"<{name}>", disposition="inline")
    check_headers(message)
    return message


def check_headers(message: EmailMessage) -> None:
    """The second wall: what goes out on the wire must have the headers put here and no other."""
    written = message_from_bytes(message.as_bytes(), policy=SMTP)
    if [part.keys() for part in message.walk()] != [part.keys() for part in written.walk()]:
        raise DeliveryError(f"a text of the mail {message['Message-ID']} would become a header; nothing was sent")
