"""A small `okr.duckdb` with the marts a digest reads, and what several tests of deliveries need."""

from __future__ import annotations

import ssl
import subprocess
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from okr_reports.deliveries.targets import publish_to
from okr_reports.words.copied import SENTENCES
from tests.deliveries.a_site import write_site
from tests.support import free_port

MARTS = Path(__file__).parents[2] / "dbt_project" / "models" / "marts"
TABLES = (
    "report_context", "objectives", "key_results", "fct_key_result_daily", "fct_key_result_reported", "source_health",
    "key_result_sources", "dim_channel", "key_result_pace", "key_result_drivers", "fct_period_closing", "dim_kpi",
    "kpi_alerts",
)  # fmt: skip
TODAY = date(2026, 11, 23)
START, END = date(2026, 10, 1), date(2026, 12, 31)
# Titles that try to become headers, recipients, mentions, markup, templates, or lines of their own.
HOSTILE_TITLES = (
    "Leads\r\nBcc: victim@example.net", "Leads\nTo: victim@example.net", "Leads\rCc: victim@example.net",
    "Leads\r\n\r\n<h1>body</h1>", "Leads\r\n Bcc: folded@example.net", "Leads\x00Bcc: victim@example.net",
    "Leads\x0bBcc: victim@example.net", "Leads\x0cBcc: victim@example.net", "Leads\x85Bcc: victim@example.net",
    "Leads\u2028Bcc: victim@example.net", "Leads\u2029Bcc: victim@example.net", "Leads\x1c\x1d\x1eBcc: v@example.net",
    "=?utf-8?q?Leads=0D=0ABcc:_victim@example.net?=", "=?utf-8?b?DQpCY2M6IHZpY3RpbUBleGFtcGxlLm5ldA==?=",
    "Leads%0d%0aBcc: victim@example.net", "Leads, victim@example.net", "\"Leads\" <victim@example.net>",
    "<!channel> look", "<!here|here> look", "<!everyone>", "<!subteam^S012ABC>", "<@U012ABCDEF>", "<@everyone>",
    "@everyone look", "@here look", "@channel look", "@all <@&998877>", "<at>victim</at>",
    "<https://evil.example|Click>", "[Click](https://evil.example) ![x](https://evil.example/x.png)",
    "<script>alert(1)</script><img src=https://evil.example/x.png onerror=alert(2)>",
    "{{7*7}} {% include 'x' %} %(progress)s ${HOME}", "\ud800 unpaired", "\u202emoc.elpmaxe@mitciv\u202c",
    "x" * 5000, "\r\n.\r\nMAIL FROM:<a@b>\r\nRCPT TO:<victim@example.net>\r\nDATA\r\n",
)  # fmt: skip


def columns(table: str) -> dict[str, str]:
    """Name and type of each column, from the mart's own enforced contract, and its columns of sentences."""
    (model,) = yaml.safe_load((MARTS / f"{table}.yml").read_text(encoding="utf-8"))["models"]
    found = {column["name"]: column["data_type"] for column in model["columns"]}
    return found | {one.column: "varchar" for one in SENTENCES if one.mart == table}


class Copy:
    """Collects rows and writes the analysts' copy. Columns that a row does not name are null."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}

    def add(self, table: str, **row: Any) -> None:
        self.rows[table].append(row)

    def context(self, locale: str = "es-ES", organisation: str = "Acme", today: date = TODAY) -> None:
        self.add(
            "report_context", organisation=organisation, currency="EUR", timezone="Europe/Madrid", locale=locale,
            language=locale[:2], today=today, data_through=today - timedelta(days=1),
        )  # fmt: skip

    def objective(self, objective_id: str, team: str | None, **more: Any) -> None:
        row = {
            "objective_id": objective_id, "position": len(self.rows["objectives"]), "title": objective_id,
            "team": team, "team_title": team, "period_start": START, "period_end": END, "status": "on_track",
        }  # fmt: skip
        self.add("objectives", **{**row, **more})

    def key_result(
        self, key_result_id: str, objective_id: str, status: str, *, share: float | None, days: int = 53, **more: Any
    ) -> None:
        """`share` of the way is reached after `days`; 0.58 is expected by then."""
        row = {
            "key_result_id": key_result_id, "objective_id": objective_id, "position": len(self.rows["key_results"]),
            "title": key_result_id, "unit": "count", "owner": "Ana", "period_start": START, "period_end": END,
            "value": None if share is None else share * 1000, "target": 1000.0, "progress": share, "expected": 0.58,
            "status": status, "status_reason": f"reason of {key_result_id}", "last_check_in": TODAY,
            "check_in_is_stale": False,
        }  # fmt: skip
        self.add("key_results", **{**row, **more})
        for number in range((END - START).days + 1):
            self.add(
                "key_result_pace", key_result_id=key_result_id, date=START + timedelta(days=number),
                expected=0.58 * (number + 1) / days,
            )  # fmt: skip
        for number in range(days):
            part = None if share is None else share * (number + 1) / days
            self.add(
                "fct_key_result_daily", key_result_id=key_result_id, date=START + timedelta(days=number),
                value=None if part is None else part * 1000, progress=part, expected=0.58 * (number + 1) / days,
                status=status, is_provisional=number > days - 5,
            )  # fmt: skip

    def write(self, path: Path) -> Path:
        path.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema marts")
            for table, rows in self.rows.items():
                known = columns(table)
                connection.execute(
                    f"create table marts.{table} ({', '.join(f'{name} {kind}' for name, kind in known.items())})"
                )
                assert {name for row in rows for name in row} <= set(known)
                # One statement: a row at a time took 1 ms each.
                values = [row.get(name) for row in rows for name in known]
                if values:
                    marks = ", ".join(["(" + ", ".join("?" * len(known)) + ")"] * len(rows))
                    connection.execute(f"insert into marts.{table} values {marks}", values)
        return path


def company(locale: str = "es-ES") -> Copy:
    """Two teams, every status, one failed source, one owner who has not checked in."""
    copy = Copy()
    copy.context(locale)
    copy.objective("leads", "paid_social", team_title="Publicidad en redes", title="Más clientes potenciales")
    copy.objective("content", "content", team_title="Contenidos")
    copy.objective("company", None)
    copy.objective("future", "brand", period_start=date(2027, 1, 1), period_end=date(2027, 3, 31))
    copy.key_result("leads_up", "leads", "off_track", share=0.35, title="Más formularios",
                    forecast=620.0, probability=0.04,
                    last_check_in_note="El anuncio nuevo funciona.", last_check_in_by="Ana")  # fmt: skip
    copy.key_result("cost_down", "leads", "at_risk", share=0.5, unit="currency", owner="Luis",
                    last_check_in=date(2026, 11, 9), check_in_is_stale=True,
                    stale_since=date(2026, 11, 19))  # fmt: skip
    copy.key_result("ctr_up", "leads", "on_track", share=0.6, unit="percent", value=0.012, target=0.015)
    copy.key_result("self_service", "leads", "no_data", share=None, last_check_in=None, owner="Luis")
    copy.key_result("articles", "content", "on_track", share=0.6)
    copy.key_result("of_company", "company", "off_track", share=0.1)
    copy.add("fct_key_result_reported", key_result_id="leads_up", date=date(2026, 11, 15),
             reported_on=date(2026, 11, 16), value=280.0, status="at_risk")  # fmt: skip
    copy.add("source_health", channel="linkedin_ads", account_id="510002", account_name="Acme US", state="failed",
             stale_since=date(2026, 11, 19), last_error="no exchange rate for USD on 2026-11-19")  # fmt: skip
    copy.add("source_health", channel="linkedin_ads", account_id="510001", account_name="Acme Iberia", state="fresh")
    for position, (name, part) in enumerate((("Retargeting", 48), ("Webinar", 22)), start=1):
        copy.add(
            "key_result_drivers", key_result_id="cost_down", comparison="previous", weeks_unit="week",
            dimension="campaign", member=name, member_title=name, contribution=part, volume_effect=part, rate_effect=0,
            member_state="both", value_before=280, value_after=350, position=position,
        )  # fmt: skip
    for account in ("510001", "510002"):
        copy.add("key_result_sources", key_result_id="cost_down", channel="linkedin_ads", account_id=account)
    copy.add("dim_channel", channel="linkedin_ads", title="LinkedIn Ads")
    return copy


@pytest.fixture(scope="session")
def make_company():
    return company


@pytest.fixture(scope="session")
def make_copy():
    return Copy


@pytest.fixture(scope="session")
def hostile_titles() -> tuple[str, ...]:
    assert len(HOSTILE_TITLES) == 36  # said in the README of deliveries
    return HOSTILE_TITLES


@pytest.fixture(scope="session")
def okr_copy(tmp_path_factory) -> Path:
    """The company in Spanish. Look, do not change."""
    return company().write(tmp_path_factory.mktemp("copy") / "okr.duckdb")


@pytest.fixture(scope="session")
def run_git():
    def run(folder: Path, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    return run


@dataclass
class Authority:
    """A certificate authority of our own, and a server's certificate signed by it for localhost."""

    ca_file: Path
    context: ssl.SSLContext


def _signed(name: str, issuer: str, key: Any, signer: Any, *extensions: x509.ExtensionType) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer)).public_key(key.public_key())
    )
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    builder = builder.not_valid_after(now + timedelta(days=1))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return builder.sign(signer, hashes.SHA256())


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    folder = tmp_path_factory.mktemp("authority")
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = _signed("test authority", "test authority", ca_key, ca_key, x509.BasicConstraints(ca=True, path_length=None))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    certificate = _signed("localhost", "test authority", key, ca_key, names, identifier)
    (folder / "ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    (folder / "server.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return Authority(folder / "ca.pem", context)


class Mailbox:
    """What a server took, and the answers it gives before it takes anything (`script`: one each transaction)."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.encrypted: list[bool] = []
        self.script: list[str] = []
        self.recipient_answers: dict[str, list[str]] = {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        answers = self.recipient_answers.get(address)
        if answers:
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.script and (answer := self.script.pop(0)):
            if answer == "drop":
                server.transport.abort()
                return "250 OK"
            return answer
        self.messages.append(message_from_bytes(envelope.content, policy=default))
        self.recipients.append(list(envelope.rcpt_tos))
        self.encrypted.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        return "250 OK"


@pytest.fixture
def serve_mail():
    """Start a real SMTP server: `serve_mail(**options of aiosmtpd) -> (Mailbox, port)`."""
    running = []

    def serve(**options: Any) -> tuple[Mailbox, int]:
        port = free_port()
        mailbox = Mailbox()
        controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return mailbox, port

    yield serve
    for controller in running:
        controller.stop()


class Chat:
    """Takes every POST; answers with the next status of `script`, or 200."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.posts: list[tuple[str, str]] = []
        self.script: list[int] = []
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                chat.posts.append((self.path, body))
                self.send_response(chat.script.pop(0) if chat.script else 200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def serve_chat():
    """A real HTTP server that takes what chat plugins post."""
    chat = Chat()
    yield chat
    chat.server.shutdown()
    chat.server.server_close()


@pytest.fixture
def site(tmp_path):
    return lambda version, **more: write_site(tmp_path / f"release-{version}", version, **more)


@pytest.fixture
def publish(tmp_path):
    return lambda url, release, **options: publish_to(str(url), release, work_dir=tmp_path / "work", **options)


@pytest.fixture
def bare(tmp_path, run_git):
    folder = tmp_path / "site.git"
    folder.mkdir()
    run_git(folder, "init", "--bare", "--quiet")
    return folder
