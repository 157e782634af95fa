"""A folder of definitions to write into and check, with a base that is free of findings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from okr_reports.errors import Finding
from okr_reports.okrs import check
from okr_reports.okrs.definitions import Definitions

TODAY = date(2026, 11, 23)

BASE = """\
settings: {organisation: Acme, currency: EUR, timezone: Europe/Madrid, locale: es-ES, objectives_per_team: {min: 0, max: 9}, check_in_stale_after_days: 999}
teams:
  - {id: paid_social, title: {es: Redes de pago, en: Paid social}}
kpis:
  - {id: leads, kind: flow, measure: leads, where: {channel: linkedin_ads}, unit: count, better: higher}
  - {id: cost_per_lead, kind: ratio, numerator: spend, denominator: leads, where: {channel: linkedin_ads}, unit: currency, better: lower}
  - {id: ctr, kind: ratio, numerator: clicks, denominator: impressions, where: {channel: linkedin_ads}, unit: percent, better: higher}
  - {id: viewers, kind: distinct, measure: users, where: {channel: ga4}, unit: count}
  - {id: clicks, kind: flow, measure: clicks, where: {channel: linkedin_ads}, unit: count}
  - {id: followers, kind: stock, measure: impressions, where: {channel: linkedin_ads}, unit: count}
objectives:
  - id: base
    title: Base
    period: 2026-Q4
    team: paid_social
    key_results:
      - {id: base_steps, title: Steps, type: milestones, milestones: [{id: one}, {id: two}]}
      - {id: base_done, title: Done, type: binary}
      - {id: base_grade, title: Good, type: qualitative, evidence: 5 users}
      - {id: base_days, title: Days, type: decrease, baseline: 5, target: 2, unit: days}
"""  # noqa: E501


@dataclass
class Folder:
    """Definitions in a temporary folder."""

    path: Path

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def check(self, today: date = TODAY) -> tuple[Definitions | None, list[Finding]]:
        return check(self.path, today=today)

    def findings(self, today: date = TODAY) -> list[str]:
        """`file:line: severity: what; to do`, with the path from the folder."""
        return [str(finding).replace(f"{self.path}/", "") for finding in self.check(today)[1]]

    def good(self, today: date = TODAY) -> Definitions:
        definitions, findings = self.check(today)
        assert definitions is not None, findings
        return definitions

    def key_result(self, fields: str, *, period: str = "2026-Q4") -> list[str]:
        """The findings of one key result written in flow style, in line 5 of `kr.yml`."""
        self.write(
            "kr.yml",
            f"objectives:\n- id: o\n  title: O\n  period: {period}\n  key_results: [{{id: k, title: K, {fields}}}]\n"
            "  team: paid_social\n",
        )
        return self.findings()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """The base alone."""
    made = Folder(tmp_path / "okr_definitions")
    made.write("base.yml", BASE)
    return made


def only(findings: list[str]) -> str:
    """The one finding; more or none fail."""
    assert len(findings) == 1, findings
    return findings[0]
