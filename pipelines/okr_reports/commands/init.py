"""A new workspace: the demo's definitions and pages to start from, settings without secrets."""

from __future__ import annotations

import shutil
from pathlib import Path

from okr_reports.errors import OkrError
from okr_reports.settings import make_dagster_home, refuse_place, shipped

GITIGNORE = """\
.okr/
.env
.dlt/secrets.toml
"""
# Where `dagster dev` finds the jobs when it is started in the workspace.
DAGSTER_WORKSPACE = """\
load_from:
  - python_module: okr_reports.definitions
"""
EMPTY_SETTINGS = """\
# yaml-language-server: $schema=okr.schema.json
settings:
  organisation: Our organisation
  currency: EUR # amounts are reported in it; others need rows in exchange_rates.csv
  timezone: Europe/Madrid # days begin and end here
  locale: en-GB
"""
# The demo's quarter is running on it, whenever it is tried; the Makefile names the same day.
DEMO_DAY = "2026-11-23"
_FOLDERS = ("okr_definitions", "reports")
_SETTINGS = ("config.toml", "example.secrets.toml")


def make_workspace(directory: Path, *, empty: bool = False, pages: bool = True) -> None:
    """Fill `directory`, which must not exist or be empty; `empty`: of the definitions only settings and schema.

    Without `pages` the report has none yet.

    Raises OkrError, and then nothing is written.
    """
    place = directory.resolve()
    refuse_place(place / ".okr")
    # In a folder that is there, since it may be all that this user may write to, such as a mounted volume.
    building = (place if place.is_dir() else place.parent) / f".{place.name}.building"
    if place.exists() and (not place.is_dir() or any(there != building for there in place.iterdir())):
        raise OkrError(f"{directory} is there and not empty; name a new folder")
    shutil.rmtree(building, ignore_errors=True)
    try:
        for folder in _FOLDERS:
            if not (empty and folder == "okr_definitions") and (pages or folder != "reports"):
                shutil.copytree(shipped(folder), building / folder)
        if not pages:
            (building / "reports" / "pages").mkdir(parents=True)
        if empty:
            (building / "okr_definitions").mkdir()
            (building / "okr_definitions" / "settings.yml").write_text(EMPTY_SETTINGS, encoding="utf-8")
            schema = shipped("okr_definitions") / "okr.schema.json"
            shutil.copyfile(schema, building / "okr_definitions" / "okr.schema.json")
        (building / ".dlt").mkdir()
        for name in _SETTINGS:
            shutil.copyfile(shipped(".dlt") / name, building / ".dlt" / name)
        (building / ".gitignore").write_text(GITIGNORE, encoding="utf-8")
        (building / "workspace.yaml").write_text(DAGSTER_WORKSPACE, encoding="utf-8")
        make_dagster_home(building / ".okr" / "dagster")
        if not place.exists():
            building.replace(place)
            return
        # It may be the folder that a shell is in: filled, not replaced.
        for part in list(building.iterdir()):
            part.replace(place / part.name)
    except OSError as error:
        raise OkrError(f"{directory} could not be made: {error}; nothing was left behind") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
