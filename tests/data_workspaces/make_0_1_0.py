"""Makes tests/data_workspaces/0.1.0.tar.xz: run by the Python of a checkout of 0.1.0 (commit 385b2d6), not by tests.

    .venv/bin/python make_0_1_0.py FOLDER

FOLDER becomes a workspace that ten daily refreshes of that version have filled: LinkedIn Ads over its own sandbox
(conversions still arriving, spend credited, a campaign renamed), a file of webinars with a renamed campaign, a weekly
stock, a period of its own, check-ins and a git history in which a target moves and a key result is added.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

from pipelines.sandbox.serve import start
from pipelines.scaffold import make_workspace

SEED = 7  # renames the campaign 547680423 on 2026-11-14
FIRST = date(2026, 11, 11)
OKR = Path(sys.executable).with_name("okr")
KEPT = {
    "kpis": ("linkedin_ads.yml", "webinars.yml"),
    "objectives/2026-q4": ("paid_social.yml", "events.yml"),
    "objectives/2026-q3": ("paid_social.yml", "events.yml"),
    "objectives/2026": ("company.yml",),
    "check_ins": ("2026-company.yml", "2026-q4_paid_social.yml", "2026-q4_events.yml"),
}
LAUNCH = """\
objectives:
  - id: launch_heard
    title: {es: El lanzamiento se oye, en: The launch is heard}
    period: launch_2026
    team: paid_social
    owner: Ana
    approved: {by: [Eva], on: 2026-09-10}
    key_results:
      - id: launch_impressions
        title: {es: Un 10 % más impresiones que antes, en: 10 % more impressions than before}
        type: increase
        kpi: linkedin_impressions
        change: 10%
        baseline: previous_period
"""
ADDED = """\
      - id: clicks_up_q4
        title: {es: Subir un 3 % los clics, en: Raise clicks by 3 %}
        type: increase
        kpi: linkedin_clicks
        change: 3%
        baseline: previous_period
"""


def main(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    make_workspace(folder)
    definitions = folder / "okr_definitions"
    for place, names in KEPT.items():
        for path in (definitions / place).iterdir():
            if path.name not in names:
                path.unlink()
    (definitions / "objectives" / "launch.yml").write_text(LAUNCH, encoding="utf-8")
    (folder / ".dlt" / "config.toml").open("a", encoding="utf-8").write(
        '\n[sources.linkedin_ads]\nstart_date = "2024-11-11"\n'
    )
    git(folder, FIRST, "init", "-q", "-b", "main")
    imports = definitions / "imports"
    later = {name: cut(imports / name, FIRST) for name in ("webinars.csv", "audience.csv")}
    commit(folder, FIRST, "The quarter as agreed")
    for number in range(10):
        day = FIRST + timedelta(days=number)
        for name, rows in later.items():
            with (imports / name).open("a", encoding="utf-8") as file:
                file.writelines(row for row in rows if row.startswith(f"{day - timedelta(days=1)}"))
        if number == 3:
            path = definitions / "objectives" / "2026-q4" / "paid_social.yml"
            change(path, "change: 20%", "change: 25%")
            commit(folder, day, "LinkedIn leads: more is possible")
        if number == 5:
            path = definitions / "objectives" / "2026-q4" / "paid_social.yml"
            change(path, "    initiatives:\n", ADDED + "    initiatives:\n", once=True)
            commit(folder, day, "Clicks are watched too")
        if number == 6:
            text = (imports / "webinars.csv").read_text(encoding="utf-8")
            last = text.splitlines()[-1].split(",")[2]
            (imports / "webinars.csv").write_text(text.replace(f",{last},", f",{last} (edición 2),"), encoding="utf-8")
            rename = (f",{last},", f",{last} (edición 2),")
            later["webinars.csv"] = [row.replace(*rename) for row in later["webinars.csv"]]
        refresh(folder, day)


def refresh(folder: Path, day: date) -> None:
    sandbox = start(SEED, today=day)
    try:
        mine = {name: value for name, value in sandbox.environment().items() if "LINKEDIN_ADS" in name}
        environment = {**os.environ, **mine, "OKR_TODAY": day.isoformat()}
        done = subprocess.run([OKR, "refresh"], cwd=folder, env=environment, capture_output=True, text=True)
        print(day, done.returncode, done.stdout[-600:], done.stderr[-1500:], flush=True)
    finally:
        sandbox.stop()


def cut(path: Path, first: date) -> list[str]:
    """Leaves the days before the day before `first` in the file; returns the lines after them."""
    head, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    limit = (first - timedelta(days=1)).isoformat()
    path.write_text(head + "".join(row for row in rows if row[:10] < limit), encoding="utf-8")
    return [row for row in rows if row[:10] >= limit]


def change(path: Path, old: str, new: str, once: bool = False) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, (path, old)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def commit(folder: Path, day: date, what: str) -> None:
    git(folder, day, "add", "-A")
    git(folder, day, "commit", "-q", "-m", what)


def git(folder: Path, day: date, *arguments: str) -> None:
    moment = f"{day}T08:00:00+01:00"
    environment = {**os.environ, "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com")
    subprocess.run(["git", *who, *arguments], cwd=folder, env=environment, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
