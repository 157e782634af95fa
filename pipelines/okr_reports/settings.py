"""Paths and environment, read once. Imports nothing heavy: the CLI starts with it."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from okr_reports.errors import OkrError

KEEP_RELEASES = 5
# Of each of Dagster's jobs: three months of daily refreshes, four days of hourly ones, 350 MB.
KEEP_RUNS = 100
# The newest run of each job stays, however old.
KEEP_RUN_DAYS = 365
ENGINES = ("duckdb", "ducklake", "spark")
_MISREAD = re.compile(r"['?]|%[0-9A-Fa-f]{2}")
# What a day of definitions, or today, can be; what is far beyond has no days before or after it.
FIRST_YEAR, LAST_YEAR = 1990, 2199
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def shipped(name: str) -> Path:
    """A folder that ships with the project (`dbt_project`, `reports`): beside the package, or in it once installed."""
    package = Path(__file__).parent
    beside = package.parent.parent / name
    return beside if beside.exists() else package / "shipped" / name


def settings_folder() -> Path:
    """Where dlt reads config.toml and secrets.toml, and everything else that is set there."""
    return Path(os.environ.get("DLT_PROJECT_DIR") or ".") / ".dlt"


def channels_with_settings() -> set[str] | None:
    """The channels that may have settings, read without dlt; None: any (another provider, an unreadable file)."""
    import tomllib

    named = {name.split("__")[1].lower() for name in os.environ if name.startswith("SOURCES__")}
    if any(name.startswith("PROVIDERS__") for name in os.environ):
        return None
    for path in settings_folder().glob("*.toml"):
        if path.name.startswith("example."):
            continue
        try:
            written = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        sections = written.get("sources", {})
        if "providers" in written or not isinstance(sections, dict):
            return None
        named |= set(sections)
    return named


def refuse_place(data_dir: Path) -> None:
    """Raise OkrError for a data folder whose path Dagster's SQLite or dlt's DuckDB reads as something else.

    Tried with 23 names (tests/test_places.py): all others work, and of these `?` had files written outside of it.
    """
    place = str(data_dir.absolute())
    if found := _MISREAD.search(place):
        why = "dlt ends a text of SQL there" if found[0] == "'" else "SQLite takes it for a part of an address"
        raise OkrError(
            f"the data folder {place} has {found[0]} in its path, which cannot be used ({why}); choose a folder without"
            " it, or point OKR_DATA_DIR at one"
        )


@dataclass(frozen=True)
class Workspace:
    """Where one set of definitions, pages and produced files lies.

    Paths are kept as given, relative ones to the working directory.
    """

    definitions_dir: Path
    reports_dir: Path
    data_dir: Path

    @classmethod
    def from_environment(cls) -> Workspace:
        """The workspace of this process: `OKR_DEFINITIONS_DIR`, `OKR_REPORTS_DIR`, `OKR_DATA_DIR` or defaults.

        Raises OkrError where the data folder's path would lead what is written somewhere else.
        """
        refuse_place(Path(os.environ.get("OKR_DATA_DIR") or ".okr"))
        return cls(
            definitions_dir=Path(os.environ.get("OKR_DEFINITIONS_DIR") or "okr_definitions"),
            reports_dir=Path(os.environ.get("OKR_REPORTS_DIR") or "reports"),
            data_dir=Path(os.environ.get("OKR_DATA_DIR") or ".okr"),
        )

    @property
    def models_dir(self) -> Path:
        """dbt models of the workspace's own, beside its definitions; there or not."""
        return Path(os.environ.get("OKR_MODELS_DIR") or self.definitions_dir.parent / "models")

    @property
    def warehouse(self) -> Path:
        """The file that one writer at a time may open.

        Each engine has its own: under Spark it says how far the lake is loaded and holds the marts that came back.
        Under DuckLake there is no such file: whoever opens it by common/warehouse_file.py gets the lake.
        """
        return self.data_dir / ("warehouse.duckdb" if engine() == "duckdb" else f"warehouse_{engine()}.duckdb")

    @property
    def snapshot(self) -> Path:
        """The analysts' copy: read only, replaced whole."""
        return self.data_dir / "okr.duckdb"

    @property
    def site_dir(self) -> Path:
        """Holds `releases/<id>/` and the link `current`."""
        return self.data_dir / "site"

    @property
    def page_cache_dir(self) -> Path:
        """Pages that need no rendering again."""
        return self.site_dir / "cache"

    @property
    def history_dir(self) -> Path:
        """What was published on each day."""
        return self.data_dir / "history"

    @property
    def forms_dir(self) -> Path:
        """Copies of published forms' answers."""
        return self.data_dir / "forms"

    @property
    def dlt_dir(self) -> Path:
        return self.data_dir / "dlt"

    @property
    def pipelines_dir(self) -> Path:
        """dlt's working folders, of each engine its own."""
        return self.dlt_dir / ("pipelines" if engine() == "duckdb" else f"pipelines_{engine()}")

    @property
    def dbt_dir(self) -> Path:
        """dbt's target and logs."""
        return self.data_dir / "dbt"

    @property
    def dbt_target_dir(self) -> Path:
        """What dbt has parsed, of each engine its own."""
        return self.dbt_dir / ("target" if engine() == "duckdb" else f"target_{engine()}")

    @property
    def dagster_home(self) -> Path:
        """Dagster's settings and runs: `DAGSTER_HOME`, which others may share, or a folder of the data."""
        return Path(os.environ.get("DAGSTER_HOME") or self.own_dagster_home).absolute()

    @property
    def own_dagster_home(self) -> Path:
        return (self.data_dir / "dagster").absolute()


def engine() -> str:
    """What runs the models: `duckdb`, or what `OKR_ENGINE` says (`okr refresh --engine`). Raises OkrError."""
    chosen = os.environ.get("OKR_ENGINE") or "duckdb"
    if chosen not in ENGINES:
        raise OkrError(f"OKR_ENGINE is {chosen!r}; write one of {', '.join(ENGINES)} or unset it")
    return chosen


def is_distributed() -> bool:
    """Whether another program than DuckDB in this process runs the models, in a dialect of its own. Raises OkrError."""
    return engine() == "spark"


def today(timezone: str) -> date:
    """The day it is in `timezone` (an IANA name), or the day `OKR_TODAY` (YYYY-MM-DD) says it is.

    Raises OkrError if `OKR_TODAY` is not a date, or not of FIRST_YEAR to LAST_YEAR.
    """
    override = os.environ.get("OKR_TODAY")
    if not override:
        return datetime.now(ZoneInfo(timezone)).date()
    try:
        found = date.fromisoformat(override)
    except ValueError:
        raise OkrError(f"OKR_TODAY is {override!r}, not a date; write it as 2026-09-30 or unset it") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise OkrError(f"OKR_TODAY is {override!r}; name a day of {FIRST_YEAR} to {LAST_YEAR} or unset it")
    return found


def now(timezone: str) -> datetime:
    """This moment in `timezone`; under `OKR_TODAY` the clock's time of the day it names."""
    moment = datetime.now(ZoneInfo(timezone))
    day = today(timezone)
    return moment.replace(year=day.year, month=day.month, day=day.day)


def quiet_environment(workspace: Workspace, *, only_look: bool = False) -> None:
    """Point the folders of dlt, dbt and Dagster into the data folder and keep their telemetry off.

    Must run before dlt, dbt or dagster is imported: they read some of this at import. With `only_look` nothing is made.
    """
    data = workspace.data_dir.absolute()
    # one that a shell names elsewhere is somebody else's to make
    if not only_look and workspace.dagster_home == workspace.own_dagster_home:
        make_dagster_home(workspace.own_dagster_home)
    defaults = {
        "DLT_DATA_DIR": str(data / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        # Ctrl-C ends the refresh; dlt would end the load alone, as a failure of its own.
        "RUNTIME__INTERCEPT_SIGNALS": "false",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        # Events that come together are stored together: one transaction for the 270 that plan a run.
        "DAGSTER_EVENT_BATCH_SIZE": "300",
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def make_dagster_home(home: Path) -> None:
    """Dagster's folder with its `dagster.yaml`, where it is not there: one writer at a time, telemetry off."""
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / "dagster.yaml"
    if not configuration.exists():
        # Whole or not at all: another process may look for it at this moment.
        building = configuration.with_name(f".dagster.yaml.{os.getpid()}")
        shutil.copyfile(Path(__file__).parent / "dagster.yaml", building)
        building.replace(configuration)
