"""Settings of the lake, section `[ducklake]` of `.dlt/config.toml`, or `DUCKLAKE__CATALOG` and so on."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from okr_reports.common.engine_settings import where, written_settings
from okr_reports.errors import EngineError
from okr_reports.settings import settings_folder

SECTION = "ducklake"
# Written into statements that take no parameters.
NOT_IN_A_PLACE = frozenset("'\\`\";\n")


@dataclass(frozen=True, kw_only=True)
class LakeSettings:
    """Where the lake lies.

    `catalog` is a Postgres, `postgresql://user@host:port/database`; its password is libpq's own: PGPASSWORD or
    ~/.pgpass. `data` is the folder of the Parquet files, a path that every machine knows by the same name or s3://;
    the storage's credentials are AWS_ACCESS_KEY_ID and the like. `schema` is that of the catalogue's own tables in
    Postgres: several lakes may share a database. Snapshots older than `keep_days` are dropped, with the files that
    only they need.
    """

    catalog: str
    data: str
    schema: str = "okr_lake"
    keep_days: int = 7

    @property
    def is_on_s3(self) -> bool:
        return self.data.startswith("s3://")

    @property
    def s3_endpoint(self) -> str | None:
        """Where a storage that only speaks as S3 does listens; None for Amazon's own."""
        return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


def read_settings(folder: Path | None = None) -> LakeSettings:
    """The lake's settings. Raises EngineError naming the setting; no value of a secret is shown."""
    written = written_settings(SECTION, [setting.name for setting in fields(LakeSettings)], folder or settings_folder())
    for name in ("catalog", "data"):
        if not written.get(name):
            raise EngineError(f"the engine ducklake has no setting {SECTION}.{name}; {where(SECTION, name)}")
    for name in ("catalog", "data", "schema"):
        _refuse_what_sql_cannot_hold(name, written.get(name, "_"))
    _refuse_wrong_catalog(written["catalog"])
    written["data"] = written["data"].removeprefix("file://").rstrip("/") + "/"
    if "://" not in written["data"] and not written["data"].startswith("/"):
        raise EngineError(f"the setting {SECTION}.data is no whole path; write /srv/lake or s3://bucket/lake")
    if "keep_days" in written:
        written["keep_days"] = _to_days(written["keep_days"])
    return LakeSettings(**written)


def _refuse_wrong_catalog(catalog: str) -> None:
    parts = urlsplit(catalog)
    if parts.scheme not in ("postgres", "postgresql") or not parts.hostname or not parts.path.strip("/"):
        raise EngineError(
            f"the setting {SECTION}.catalog is no address of a Postgres; write postgresql://user@host:5432/database"
        )
    if parts.password:
        raise EngineError(f"the setting {SECTION}.catalog holds a password; set PGPASSWORD or write it in ~/.pgpass")


def _refuse_what_sql_cannot_hold(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise EngineError(f"the setting {SECTION}.{name} is not a text; {where(SECTION, name)}")
    if found := set(value) & NOT_IN_A_PLACE:
        raise EngineError(f"the setting {SECTION}.{name} holds {min(found)!r}, which it may not; choose another place")


def _to_days(value: Any) -> int:
    try:
        days = int(str(value))
    except ValueError:
        days = 0
    if not 0 < days < 36_500:
        raise EngineError(f"the setting {SECTION}.keep_days is {value!r}, not a number of days; write 7")
    return days
