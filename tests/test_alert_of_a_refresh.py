"""`okr refresh` itself alerts of a source that failed: Dagster's daemon, which does so too, need not run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.defs.receivers import Alerts
from tests.support import outer_environment


def test_a_refresh_with_a_failed_source_alerts_once(tmp_path: Path) -> None:
    okr = str(Path(sys.executable).parent / "okr")
    kept = outer_environment("OKR_", "SOURCES__", "DELIV")
    subprocess.run([okr, "init", "w"], cwd=tmp_path, env=kept, check=True, capture_output=True)
    alerts = Alerts()
    environment = {
        **kept,
        "OKR_TODAY": "2026-11-23",
        "SOURCES__LINKEDIN_ADS__BASE_URL": "http://127.0.0.1:1",
        "DELIVERIES__ALERTS": f'["{alerts.url}"]',
    }
    command = [okr, "refresh", "--channel", "linkedin_ads"]
    answer = subprocess.run(command, cwd=tmp_path / "w", env=environment, capture_output=True, text=True)
    alerts.server.shutdown()
    alerts.server.server_close()
    assert answer.returncode in (1, 2), answer.stderr
    [told] = alerts.told
    assert told["title"] == "OKR reports: refresh failed"
    assert "linkedin_ads" in told["message"]
    assert "alert json: notified" in answer.stderr
