"""`okr mute` and `okr refresh` together: what is unusual is mailed after the refresh, what is muted is not."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from aiosmtpd.controller import Controller

from tests.support import free_port, outer_environment

TODAY = date(2026, 11, 23)
DEFINITIONS = """\
settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: en-GB}
file_sources:
  - {id: shop, path: shop.csv, channel: shop, date: day, measures: {orders: orders, visits: visits, calls: calls}}
kpis:
  - {id: orders, title: Orders, kind: flow, measure: orders, unit: count, better: higher}
  - {id: visits, title: Visits, kind: flow, measure: visits, unit: count, better: higher}
  - {id: calls, title: Calls, kind: flow, measure: calls, unit: count, better: higher}
alerts: {kpis: all, to: [ana@example.com]}
"""


class Mailbox:
    def __init__(self) -> None:
        self.taken: list[str] = []

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=default)
        self.taken.append(f"{message['To']}\n{message['Subject']}\n{message.get_content()}")
        return "250 OK"


def test_an_outage_is_mailed_after_the_refresh_and_a_muted_one_is_not(tmp_path: Path) -> None:
    okr = str(Path(sys.executable).parent / "okr")
    definitions = tmp_path / "okr_definitions"
    definitions.mkdir()
    pages = tmp_path / "reports" / "pages"
    pages.mkdir(parents=True)
    (pages / "index.md").write_text("---\ntitle: Orders\n---\n\nOrders.\n")
    (definitions / "all.yml").write_text(DEFINITIONS)
    rows = [(TODAY - timedelta(days=number), 0 if number == 1 else 40 + number % 7) for number in range(120, 0, -1)]
    lines = [f"{day},{number},{number},45" for day, number in rows]
    (definitions / "shop.csv").write_text("\n".join(["day,orders,visits,calls", *lines]) + "\n")
    mailbox, port = Mailbox(), free_port()
    kept = outer_environment("OKR_", "SOURCES__", "DELIV")
    environment = {
        **kept, "OKR_TODAY": f"{TODAY}", "DELIVERIES__SMTP__HOST": "127.0.0.1", "DELIVERIES__SMTP__PORT": f"{port}",
        "DELIVERIES__SMTP__SECURITY": "none", "DELIVERIES__SMTP__SENDER": "okr@example.com",
    }  # fmt: skip

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([okr, *command], cwd=tmp_path, env=environment, capture_output=True, text=True)

    answer = run("mute", "visits", "--until", "2026-12-01", "--reason", "being moved")
    assert answer.returncode == 0, answer.stderr
    assert "okr_definitions/mutes/visits_2026-12-01.yml: written" in answer.stdout
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        answer = run("refresh")
    finally:
        server.stop()
    assert answer.returncode == 0, answer.stderr
    assert "alerts: 1 sent to 1" in answer.stderr
    (mail,) = mailbox.taken
    assert mail.startswith("ana@example.com\nAcme: unusual: Orders\n- Orders: 0 on 22 Nov 2026, expected were ")
    assert "Visits" not in mail
    assert "Calls" not in mail
