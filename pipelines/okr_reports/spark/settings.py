"""Settings of Spark, section `[spark]` of `.dlt/config.toml` and `.dlt/secrets.toml`, or `SPARK__HOST` and so on."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from okr_reports.common.engine_settings import where, written_settings
from okr_reports.errors import EngineError
from okr_reports.settings import Workspace, settings_folder

# Places are written into statements that take no parameters.
NOT_IN_A_PLACE = frozenset("'\\`\";\n")
AUTHS = ("NONE", "NOSASL", "LDAP", "KERBEROS")
# Spark itself brings the first two; the others need their jars and settings on the server.
TABLE_FORMATS = ("parquet", "orc", "delta", "iceberg")


@dataclass(frozen=True, kw_only=True)
class SparkSettings:
    """Where Spark's Thrift server listens, and where the lake lies.

    `lake` is a URL that dlt's `filesystem` and fsspec write (file://, s3://, gs://, abfss://); its credentials are the
    storage's own: AWS_ACCESS_KEY_ID and the like in the environment. `lake_of_spark` is the same place as Spark calls
    it, by default with s3:// written s3a://. `auth` is how the Thrift server authenticates a client. `table_format` is
    that of the models' tables; raw rows are Parquet always.
    """

    lake: str
    lake_of_spark: str
    host: str = "127.0.0.1"
    port: int = 10000
    auth: str = "NONE"
    user: str = "okr"
    password: str | None = field(default=None, repr=False)
    table_format: str = "parquet"
    threads: int = 2

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


def read_settings(workspace: Workspace, folder: Path | None = None) -> SparkSettings:
    """The settings of this workspace; without any, the loopback cluster of `make spark` and a lake in the data folder.

    Raises EngineError naming the setting; no value of a secret is shown.
    """
    known = [setting.name for setting in fields(SparkSettings)]
    written = written_settings("spark", known, folder or settings_folder())
    for name in ("port", "threads"):
        if name in written:
            written[name] = _to_number(name, written[name])
    for name in ("host", "user", "lake", "lake_of_spark"):
        if name in written and not (isinstance(written[name], str) and written[name].strip()):
            raise EngineError(f"the setting spark.{name} is not a text; {where('spark', name)}")
    for name, known_ones in (("auth", AUTHS), ("table_format", TABLE_FORMATS)):
        if name in written and written[name] not in known_ones:
            raise EngineError(f"the setting spark.{name} is none of {', '.join(known_ones)}; {where('spark', name)}")
    lake = _to_url(written.pop("lake", None) or f"file://{(workspace.data_dir / 'lake').absolute()}")
    of_spark = written.pop("lake_of_spark", None) or lake.replace("s3://", "s3a://", 1)
    for name, url in (("lake", lake), ("lake_of_spark", of_spark)):
        if found := set(url) & NOT_IN_A_PLACE:
            raise EngineError(
                f"the setting spark.{name} holds {min(found)!r}, which no place in SQL may; move the lake"
            )
    return SparkSettings(lake=lake, lake_of_spark=of_spark.rstrip("/"), **written)


def _to_url(lake: str) -> str:
    if "://" not in lake:
        raise EngineError(f"the setting spark.lake is {lake!r}, not a URL; write file:///srv/lake or s3://bucket/lake")
    if urlsplit(lake).username or urlsplit(lake).password:
        raise EngineError(f"the setting spark.lake holds a name or password; {where('spark', 'lake')}, without them")
    return lake.rstrip("/")


def _to_number(name: str, value: Any) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if not 0 < number < 65_536:
        what = f"the setting spark.{name} is {value!r}, not a number from 1 to 65535"
        raise EngineError(f"{what}; {where('spark', name)}")
    return number
