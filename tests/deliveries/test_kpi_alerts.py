"""What is unusual of KPIs, mailed over a real server: once, together, to those it is for, in their language."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from okr_reports.deliveries.kpi_alerts import tell
from okr_reports.errors import DeliveryError
from okr_reports.settings import Workspace
from tests.deliveries.conftest import Copy

DAY = date(2026, 11, 22)
OUTAGE: dict[str, Any] = {
    "kpi_id": "leads", "date": DAY, "reason_code": "below_expected", "subject": "", "days": 1, "value": 0.0,
    "low": 12.0, "high": 71.0, "is_recent": True,
}  # fmt: skip
SILENT: dict[str, Any] = {
    "kpi_id": "spend", "date": DAY, "reason_code": "source_silent", "subject": "linkedin_ads/510002", "is_recent": True
}  # fmt: skip
AT_RISK: dict[str, Any] = {
    "kpi_id": "leads", "date": DAY, "reason_code": "target_at_risk", "subject": "leads_up", "value": 340.0,
    "is_recent": True,
}  # fmt: skip
WEEK: dict[str, Any] = {
    "kpi_id": "spend", "date": DAY, "reason_code": "above_expected", "subject": "", "days": 7, "value": 4000.0,
    "low": 1200.0, "high": 2500.0, "is_recent": True,
}  # fmt: skip


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OKR_DATA_DIR", str(tmp_path / "data"))
    workspace = Workspace.from_environment()
    workspace.data_dir.mkdir(parents=True)
    return workspace


@pytest.fixture
def mail(serve_mail, monkeypatch):
    mailbox, port = serve_mail()
    settings = {"HOST": "127.0.0.1", "PORT": str(port), "SECURITY": "none", "SENDER": "okr@example.com"}
    for name, value in settings.items():
        monkeypatch.setenv(f"DELIVERIES__SMTP__{name}", value)
    return mailbox


def known(workspace: Workspace, company: Copy, *alerts: dict[str, Any], titles: str = "Leads") -> None:
    company.add("dim_kpi", kpi_id="leads", title=titles, kind="flow", unit="count")
    company.add("dim_kpi", kpi_id="spend", title="Spend", kind="flow", unit="currency")
    for alert in alerts:
        company.add("kpi_alerts", **alert)
    company.write(workspace.snapshot)


def body(mailbox: Any, place: int = -1) -> str:
    text = mailbox.messages[place].get_body(("plain",)).get_content()
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_all_that_is_new_is_one_mail_and_goes_once(workspace, mail, make_company):
    old = {**OUTAGE, "date": date(2026, 10, 30), "is_recent": False}
    known(workspace, make_company("en-GB"), OUTAGE, SILENT, AT_RISK, WEEK, old)
    assert [str(one) for one in tell(workspace, ["ana@example.com", "luis@example.com"])] == ["alerts: 4 sent to 2"]
    assert mail.recipients == [["ana@example.com", "luis@example.com"]]
    lines = body(mail).splitlines()
    assert lines[0] == "- Leads: 0 on 22 Nov 2026, expected were 12 to 71."
    assert lines[1].startswith("- Leads: the target of “Más formularios” is at risk since 22 Nov 2026. reason of")
    assert lines[2] == "- Spend: €4,000 in the 7 days to 22 Nov 2026, expected were €1,200 to €2,500."
    assert lines[3] == "- Spend: LinkedIn Ads Acme US has sent nothing since 22 Nov 2026."
    assert mail.messages[0]["Subject"] == "Acme: unusual: Leads, Spend"
    assert tell(workspace, ["ana@example.com", "luis@example.com"]) == []
    # Who comes later gets it, alone.
    assert [str(one) for one in tell(workspace, ["ana@example.com", "eva@example.com"])] == ["alerts: 4 sent to 1"]
    assert mail.recipients[-1] == ["eva@example.com"]


def test_corrected_numbers_make_no_second_alert_and_another_thing_makes_one(workspace, mail, make_company):
    known(workspace, make_company("en-GB"), OUTAGE)
    tell(workspace, ["ana@example.com"])
    moved = {**OUTAGE, "date": date(2026, 11, 20), "value": 3.0}
    known(workspace, make_company("en-GB"), moved, {**OUTAGE, "date": date(2026, 12, 9)}, WEEK)
    tell(workspace, ["ana@example.com"])
    assert len(mail.messages) == 2
    assert "9 Dec 2026" in body(mail)
    assert "20 Nov 2026" not in body(mail)


@pytest.mark.parametrize("locale", ["es-ES", "fr-FR", "de-DE", "pt-PT"])
def test_it_speaks_the_language_of_the_reports(workspace, mail, make_company, locale):
    known(workspace, make_company(locale), OUTAGE, SILENT, AT_RISK, WEEK)
    tell(workspace, ["ana@example.com"])
    for english in (" expected ", "at risk", "sent nothing", "To silence", "unusual"):
        assert english not in body(mail) + str(mail.messages[0]["Subject"])


def test_a_hostile_title_becomes_no_header(workspace, mail, make_company, hostile_titles):
    for title in hostile_titles[:6]:
        (workspace.data_dir / "deliveries" / "alerts" / "ledger.json").unlink(missing_ok=True)
        known(workspace, make_company("en-GB"), OUTAGE, titles=title)
        tell(workspace, ["ana@example.com"])
        assert mail.recipients[-1] == ["ana@example.com"]
        assert {"Bcc", "Cc"} & set(mail.messages[-1].keys()) == set()


def test_without_news_or_recipients_nothing_is_asked_of_the_settings(workspace, make_company):
    known(workspace, make_company(), OUTAGE)
    assert tell(workspace, []) == []
    with pytest.raises(DeliveryError, match="no mail server is set"):
        tell(workspace, ["ana@example.com"])
    known(workspace, make_company())
    assert tell(workspace, ["ana@example.com"]) == []


def test_what_a_sandbox_answered_stays_here(workspace, make_company, monkeypatch):
    known(workspace, make_company(), OUTAGE)
    monkeypatch.setenv("OKR_SANDBOX", "http://127.0.0.1:1")
    monkeypatch.setenv("DELIVERIES__SMTP__HOST", "mail.example.com")
    monkeypatch.setenv("DELIVERIES__SMTP__SENDER", "okr@example.com")
    (done,) = tell(workspace, ["ana@example.com"])
    assert str(done).startswith("alerts: not sent by mail: this runs inside the sandbox")
