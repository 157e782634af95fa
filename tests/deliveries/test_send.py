"""Mail over real servers on loopback: TLS that is verified, attempts, refusals, and headers nobody else can write."""

from __future__ import annotations

import logging
import ssl
import warnings
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from okr_reports.deliveries.configuration import SmtpSettings
from okr_reports.deliveries.digest import compose
from okr_reports.deliveries.message import address, check_headers, to_message
from okr_reports.deliveries.send import send
from okr_reports.errors import DeliveryError

SENDER = "OKR reports <okr@example.com>"
PASSWORD = "canary-pass%2Fword"
NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def digest(okr_copy):
    (one,) = compose(okr_copy, team="paid_social", site_url="https://okr.example.com/")
    return one


class Sending:
    """Sends one digest and remembers who was accepted and how long it would have waited."""

    def __init__(self, digest, authority):
        self.digest, self.authority = digest, authority
        self.accepted: list[str] = []
        self.waits: list[float] = []

    def __call__(self, port, recipients=("ana@example.com", "eva@example.com"), **options):
        smtp = SmtpSettings(
            **{"host": "localhost", "port": port, "sender": SENDER, "ca_file": str(self.authority.ca_file), **options}
        )
        message = to_message(self.digest, sender=SENDER, recipients=list(recipients), sent_at=NOW)
        return send(message, list(recipients), smtp, accepted=self.accepted.extend, sleep=self.waits.append)


@pytest.fixture
def sending(digest, authority):
    return Sending(digest, authority)


def test_a_mail_goes_by_starttls_whole(sending, serve_mail, authority):
    mailbox, port = serve_mail(tls_context=authority.context, require_starttls=True)
    assert sending(port) == {}
    (message,) = mailbox.messages
    assert mailbox.encrypted == [True]
    assert mailbox.recipients == [["ana@example.com", "eva@example.com"]]
    assert message["Subject"] == sending.digest.subject
    assert message["Message-ID"].startswith("<okr-digest.2026-W48.paid_social.")
    assert message.get_body(("plain",)).get_content().split() == sending.digest.text.split()
    page = message.get_body(("html",)).get_content()
    images = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert len(images) == 2
    for image in images:
        assert f"cid:{image['Content-ID'].strip('<>')}" in page
        assert image.get_content() == sending.digest.images[image["Content-ID"].strip("<>")]


def test_a_mail_goes_by_tls_from_the_first_byte(sending, serve_mail, authority):
    mailbox, port = serve_mail(ssl_context=authority.context)
    assert sending(port, security="tls") == {}
    assert mailbox.encrypted == [True]


def test_a_certificate_nobody_vouches_for_is_refused_at_once(sending, serve_mail, authority):
    mailbox, port = serve_mail(tls_context=authority.context, require_starttls=True)
    with pytest.raises(DeliveryError, match=r"certificate is not trusted .* set ca_file"):
        sending(port, ca_file=None)
    assert sending.waits == []
    assert mailbox.messages == []


def test_a_certificate_for_another_name_is_refused(sending, serve_mail, authority):
    _, port = serve_mail(tls_context=authority.context, require_starttls=True)
    with pytest.raises(DeliveryError, match="certificate is not trusted"):
        sending(port, host="127.0.0.1")


def test_without_starttls_nothing_is_sent_readable(sending, serve_mail):
    mailbox, port = serve_mail()
    with pytest.raises(DeliveryError, match="offers no STARTTLS"):
        sending(port)
    assert mailbox.messages == []


def test_a_relay_of_this_machine_may_be_plain_another_may_not(sending, serve_mail):
    mailbox, port = serve_mail()
    assert sending(port, security="none") == {}
    assert mailbox.encrypted == [False]
    with pytest.raises(DeliveryError, match="use starttls or tls"):
        SmtpSettings(host="mail.example.com", sender=SENDER, security="none")


def test_what_passes_is_tried_again(sending, serve_mail, authority):
    mailbox, port = serve_mail(tls_context=authority.context)
    mailbox.script = ["451 try later", "drop", ""]
    assert sending(port) == {}
    assert len(mailbox.messages) == 1
    assert sending.waits == [2.0, 10.0]
    assert sending.accepted == ["ana@example.com", "eva@example.com"]


def test_what_does_not_pass_is_not_tried_again(sending, serve_mail, authority):
    mailbox, port = serve_mail(tls_context=authority.context)
    mailbox.script = ["554 no thanks"]
    with pytest.raises(DeliveryError, match="554 no thanks"):
        sending(port)
    assert sending.waits == []
    assert sending.accepted == []


def test_a_server_that_is_not_there_is_said_after_all_attempts(sending):
    with pytest.raises(DeliveryError, match=r"mail by localhost: .*refused, 2 times"):
        sending(1, attempts=2)
    assert sending.waits == [2.0]


def test_a_recipient_put_off_is_tried_alone_and_a_refused_one_named(sending, serve_mail, authority):
    mailbox, port = serve_mail(tls_context=authority.context)
    mailbox.recipient_answers = {"eva@example.com": ["450 greylisted"], "gone@example.com": ["550 no such user"]}
    refused = sending(port, ("ana@example.com", "eva@example.com", "gone@example.com"))
    assert refused == {"gone@example.com": "550 no such user"}
    assert mailbox.recipients == [["ana@example.com"], ["eva@example.com"]]
    assert sending.accepted == ["ana@example.com", "eva@example.com"]


def test_the_password_is_sent_over_tls_and_shown_nowhere(sending, serve_mail, authority, caplog, capfd):
    caplog.set_level(logging.DEBUG)

    def authenticate(server, session, envelope, mechanism, data):
        right = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
        return AuthResult(success=right, handled=False)

    mailbox, port = serve_mail(tls_context=authority.context, authenticator=authenticate, auth_required=True)
    assert sending(port, user="okr", password=PASSWORD) == {}
    assert len(mailbox.messages) == 1
    with pytest.raises(DeliveryError, match="535") as failure:
        sending(port, user="okr", password=PASSWORD + "x")
    told = "".join(str(part) for part in (failure.value, caplog.text.replace("mail.log", ""), *capfd.readouterr()))
    ours = "".join(record.getMessage() for record in caplog.records if record.name.startswith("okr"))
    assert PASSWORD not in str(failure.value) + ours
    assert "535" in told
    assert PASSWORD not in repr(SmtpSettings(host="h", sender=SENDER, password=PASSWORD))


def test_no_title_becomes_a_header_or_a_recipient(make_copy, serve_mail, authority, hostile_titles, tmp_path):
    mailbox, port = serve_mail(tls_context=authority.context)
    smtp = SmtpSettings(host="localhost", port=port, sender=SENDER, ca_file=str(authority.ca_file))
    copy = make_copy()
    copy.context("en-GB", organisation=hostile_titles[0])
    for number, title in enumerate(("Leads", *hostile_titles)):
        text = title.encode("utf-8", "replace").decode()
        copy.objective(f"o{number}", f"team{number}", title=text, team_title=text)
        copy.key_result(f"k{number}", f"o{number}", "off_track", share=0.3, days=2, title=text, owner=text)
    for one in compose(copy.write(tmp_path / "okr.duckdb")):
        message = to_message(one, sender=SENDER, recipients=["ana@example.com"], sent_at=NOW)
        send(message, ["ana@example.com"], smtp, accepted=lambda got: None)
    assert len(mailbox.messages) == len(hostile_titles) + 1
    assert {str([part.keys() for part in taken.walk()]) for taken in mailbox.messages} == {
        str([part.keys() for part in next(m for m in mailbox.messages if "OKRs of Leads," in m["Subject"]).walk()])
    }
    for taken in mailbox.messages:
        assert [str(one) for one in taken["To"].addresses] == ["ana@example.com"]
        assert [str(one) for one in taken["From"].addresses] == [SENDER]
        assert len(taken["Subject"].splitlines()) == 1
    assert {tuple(one) for one in mailbox.recipients} == {("ana@example.com",)}


def test_no_recipient_becomes_two_or_a_header(hostile_titles):
    refused = (
        *hostile_titles,
        "a@example.com, b@example.com",
        "a@example.com\nBcc: b@example.com",
        "",
        "a@",
        "team: a@b.c;",
    )
    for text in refused:
        if text == '"Leads" <victim@example.net>':  # the one that is an address
            assert address(text).addr_spec == "victim@example.net"
            continue
        with pytest.raises(DeliveryError, match="is not one mail address"):
            address(text)


@pytest.mark.parametrize(
    "value", ["=?utf-8?q?x=0D=0ABcc:_victim@example.net?=", "=?utf-8?b?eA0KQmNjOiB2aWN0aW1AZXhhbXBsZS5uZXQ=?="]
)
def test_no_encoded_word_becomes_a_header(digest, value):
    """Python 3.11.7 would break the line, and the mail is refused; Debian's 3.11.2 keeps it encoded."""
    mails = []
    with suppress(DeliveryError):
        mails.append(
            to_message(replace(digest, subject=value), sender=SENDER, recipients=["ana@example.com"], sent_at=NOW)
        )
    assert not any("Bcc" in message_from_bytes(mail.as_bytes()) for mail in mails)


def test_the_second_wall_holds_when_the_first_is_gone():
    class Leaking(EmailMessage):
        def as_bytes(self, *given, **more):
            return super().as_bytes(*given, **more).replace(b"Subject:", b"Bcc: victim@example.net\nSubject:")

    message = Leaking()
    message["Subject"] = "Leads"
    with pytest.raises(DeliveryError, match="would become a header"):
        check_headers(message)


def test_an_address_with_a_domain_beyond_ascii_is_sent_as_dns_knows_it():
    assert address("ana@münchen.example").addr_spec == "ana@xn--mnchen-3ya.example"


def test_an_eml_file_is_the_same_mail(digest):
    message = to_message(digest, sender=SENDER, recipients=["ana@example.com"], sent_at=NOW)
    again = message_from_bytes(message.as_bytes(), policy=default)
    assert again["Subject"] == digest.subject
    assert all(len(line) < 998 for line in message.as_bytes().splitlines())
    assert message.as_bytes().isascii()


def test_old_protocols_are_refused(sending, serve_mail, authority, tmp_path):
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.load_cert_chain(authority.ca_file.with_name("server.pem"))
    with warnings.catch_warnings(action="ignore"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    mailbox, port = serve_mail(tls_context=old)
    with pytest.raises(DeliveryError, match="mail by localhost"):
        sending(port, attempts=1)
    assert mailbox.messages == []
