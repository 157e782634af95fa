"""Sends one mail over SMTP: TLS with a verified certificate, again after what passes, never after what will not."""

from __future__ import annotations

import logging
import smtplib
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from email.message import EmailMessage

from okr_reports.deliveries.configuration import SECURITY_PORTS, SmtpSettings
from okr_reports.deliveries.message import address
from okr_reports.deliveries.plain_text import one_line
from okr_reports.errors import DeliveryError

logger = logging.getLogger("okr")

# Seconds before the second, third, fourth ... attempt; greylisting servers want minutes, so the last one is long.
BACKOFF = (2.0, 10.0, 60.0)


class _WillNotPass(Exception):
    """An answer that another attempt would only repeat."""


def send(
    message: EmailMessage,
    recipients: Sequence[str],
    smtp: SmtpSettings,
    *,
    accepted: Callable[[Sequence[str]], None],
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, str]:
    """Send `message` to `recipients`; those the server refused, with its words.

    `accepted` is called with the recipients of each transaction as soon as the server has taken it. Raises
    DeliveryError when no attempt got through.
    """
    pending = {recipient: address(recipient).addr_spec for recipient in recipients}
    refused: dict[str, str] = {}
    for attempt in range(1, smtp.attempts + 1):
        try:
            answers = _transaction(message, list(pending.values()), smtp)
        except _WillNotPass as error:
            raise DeliveryError(_clean(f"mail by {smtp.host}: {error}", smtp)) from None
        except (OSError, smtplib.SMTPException) as error:
            if attempt == smtp.attempts:
                raise DeliveryError(
                    _clean(f"mail by {smtp.host}: {_words(error)}, {attempt} times; try again later", smtp)
                ) from None
        else:
            accepted([name for name, plain in pending.items() if plain not in answers])
            refused |= {n: _answer(*answers[plain], smtp) for n, plain in pending.items() if plain in answers}
            pending = {n: plain for n, plain in pending.items() if plain in answers and answers[plain][0] < 500}
            if not pending:
                return refused
            if attempt == smtp.attempts:
                break
            refused = {name: words for name, words in refused.items() if name not in pending}
        pause = BACKOFF[min(attempt, len(BACKOFF)) - 1]
        logger.info("mail by %s: attempt %d did not get through, next one in %.0f s", smtp.host, attempt, pause)
        sleep(pause)
    return refused


def check(smtp: SmtpSettings) -> str:
    """Why mail would not leave (connection, certificate, login); empty when it would. Sends nothing."""
    try:
        client = _connect(smtp)
        try:
            if smtp.user and smtp.password:
                client.login(smtp.user, smtp.password)
            client.noop()
        finally:
            client.close()
    except _WillNotPass as error:
        return _clean(str(error), smtp)
    except (OSError, smtplib.SMTPException) as error:
        return _clean(f"{_words(error)}; see [deliveries.smtp]", smtp)
    return ""


def _transaction(message: EmailMessage, recipients: Sequence[str], smtp: SmtpSettings) -> dict[str, tuple[int, bytes]]:
    """One connection, one mail; the answers for recipients that were not taken."""
    client = _connect(smtp)
    try:
        if smtp.user and smtp.password:
            client.login(smtp.user, smtp.password)
        sender = address(str(message["From"])).addr_spec
        return client.send_message(message, from_addr=sender, to_addrs=list(recipients))
    except smtplib.SMTPRecipientsRefused as error:
        return error.recipients
    except smtplib.SMTPNotSupportedError as error:
        raise _WillNotPass(f"{error}; use another server or address") from None
    except smtplib.SMTPResponseException as error:
        if error.smtp_code >= 500:
            raise _WillNotPass(f"{_words(error)}; fix user, password or sender under [deliveries.smtp]") from None
        raise
    finally:
        # The mail is taken or not by now: an error in parting must not send it again.
        with suppress(OSError, smtplib.SMTPException):
            client.quit()
        client.close()


def _connect(smtp: SmtpSettings) -> smtplib.SMTP:
    port = smtp.port or SECURITY_PORTS[smtp.security]
    context = ssl.create_default_context(cafile=smtp.ca_file)
    try:
        if smtp.security == "tls":
            return smtplib.SMTP_SSL(smtp.host, port, timeout=smtp.timeout_seconds, context=context)
        client = smtplib.SMTP(smtp.host, port, timeout=smtp.timeout_seconds)
        if smtp.security == "starttls":
            _start_tls(client, context)
        return client
    except ssl.SSLCertVerificationError as error:
        raise _WillNotPass(
            f"its certificate is not trusted ({error.verify_message}); set ca_file under [deliveries.smtp] to the "
            "authority's PEM file, or use the name the certificate is for"
        ) from None


def _start_tls(client: smtplib.SMTP, context: ssl.SSLContext) -> None:
    try:
        client.starttls(context=context)
    except smtplib.SMTPNotSupportedError:
        client.close()
        raise _WillNotPass("it offers no STARTTLS, and mail is not sent readable; use security tls") from None
    except BaseException:
        client.close()
        raise


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_decoded(error.smtp_error)}"
    return str(error) or type(error).__name__


def _answer(code: int, text: bytes, smtp: SmtpSettings) -> str:
    return _clean(f"{code} {_decoded(text)}", smtp)


def _decoded(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _clean(text: str, smtp: SmtpSettings) -> str:
    """One line, without the password should a server repeat it."""
    return one_line(text.replace(smtp.password, "********") if smtp.password else text, 500)
