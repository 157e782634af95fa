"""Copies the site to an object store, any that fsspec knows by its URL (`s3://bucket/okr`, `gs://`, `abfs://`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from okr_reports.deliveries.answering import Answering
from okr_reports.deliveries.site_files import SiteFile
from okr_reports.deliveries.sync import MANIFEST, sync
from okr_reports.errors import DeliveryError

# How each family of stores gets the two headers; stores not named here keep their own defaults.
_HEADERS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "s3": lambda kind, cache: {"ContentType": kind, "CacheControl": cache},
    "gs": lambda kind, cache: {"content_type": kind, "fixed_key_metadata": {"cache_control": cache}},
}
_OBJECTS_A_REQUEST = 1_000
# Its own defaults are a minute for each of five attempts of each of five attempts.
_S3_LIMITS = {"connect_timeout": 10, "read_timeout": 20, "retries": {"max_attempts": 2}}
_FAMILIES = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}


def publish_object_store(
    url: str,
    files: Sequence[SiteFile],
    options: Mapping[str, Any],
    *,
    journal: Path,
    answering: Answering,
    advance: Callable[[int, int], None],
    accept_readable: bool = False,
) -> str:
    """Make the prefix at `url` hold these files, with content types and cache headers; in words what was done.

    `options` are fsspec's for that protocol. Raises DeliveryError, or whatever the store's library raises.
    """
    scheme = url.partition("://")[0]
    file_system, root = _open(url, options)
    store = _ObjectStore(file_system, root.rstrip("/"), _HEADERS.get(_FAMILIES.get(scheme, "")))
    said = str(sync(store, files, journal, answering, advance, accept_readable))
    return said if store.headers else f"{said}; {scheme} keeps its own content types and cache headers"


def check_object_store(url: str, options: Mapping[str, Any]) -> None:
    """List the bucket of `url`. Raises DeliveryError, or whatever the store's library raises."""
    file_system, root = _open(url, options)
    file_system.ls(root.split("/")[0])


def _open(url: str, options: Mapping[str, Any]) -> tuple[Any, str]:
    """fsspec's file system of the URL, and the place in it."""
    scheme = url.partition("://")[0]
    try:
        from fsspec.core import url_to_fs

        # A cached listing would say what was there before another process published.
        limits = {"config_kwargs": _S3_LIMITS} if _FAMILIES.get(scheme) == "s3" else {}
        opened: tuple[Any, str] = url_to_fs(
            url, **{"use_listings_cache": False, "skip_instance_cache": True, **limits, **options}
        )
        if limits:
            opened[0].retries = 1
        return opened
    except ImportError as error:
        hint = "pip install s3fs" if scheme in ("s3", "s3a") else str(error)
        raise DeliveryError(f"the library for {scheme}:// is not installed; {hint}") from None


class _ObjectStore:
    """A prefix of a bucket as a store of `sync`."""

    def __init__(self, file_system: Any, root: str, headers: Callable[[str, str], dict[str, Any]] | None) -> None:
        self.file_system, self.root, self.headers = file_system, root, headers

    def sizes(self) -> Mapping[str, int]:
        found = self.file_system.find(self.root, detail=True)
        return {name.removeprefix(self.root).lstrip("/"): info["size"] for name, info in found.items()}

    def read(self, name: str) -> bytes:
        return bytes(self.file_system.cat_file(f"{self.root}/{name}"))

    def write(self, name: str, content: bytes, content_type: str, cache_control: str) -> None:
        headers = self.headers(content_type, cache_control) if self.headers else {}
        self.file_system.pipe_file(f"{self.root}/{name}", content, **headers)

    def delete(self, names: Sequence[str]) -> None:
        self.file_system.rm([f"{self.root}/{name}" for name in names])

    def forget_versions(self, names: Sequence[str]) -> str:
        """The earlier versions that a bucket of S3 keeps; of other stores nothing is known.

        What copies before the last one wrote is in the earlier versions of the manifest.
        """
        if "s3" not in self._protocols():
            return "if this store keeps earlier versions, delete them there: this passphrase does not lock them"
        bucket, _, prefix = self.root.partition("/")
        old = list(self._versions(bucket, prefix))
        manifests = [version for version in old if version["Key"] == f"{prefix}/{MANIFEST}".lstrip("/")]
        ours = {*names, MANIFEST, *(name for manifest in manifests for name in self._named_in(bucket, manifest))}
        keys = {f"{prefix}/{name}".lstrip("/") for name in ours}
        gone = [version for version in old if version["Key"] in keys]
        for first in range(0, len(gone), _OBJECTS_A_REQUEST):
            some = gone[first : first + _OBJECTS_A_REQUEST]
            self.file_system.call_s3("delete_objects", Bucket=bucket, Delete={"Objects": some})
        return f"{len(gone)} earlier versions that this passphrase does not lock were deleted" if gone else ""

    def _named_in(self, bucket: str, manifest: Mapping[str, str]) -> Sequence[str]:
        try:
            kept = self.file_system.cat_file(f"{bucket}/{manifest['Key']}", version_id=manifest["VersionId"])
            return [str(name) for name in json.loads(kept)["files"]]
        except (OSError, ValueError, KeyError, TypeError):
            return []  # a delete marker, or none of ours

    def _protocols(self) -> tuple[str, ...]:
        protocol = self.file_system.protocol
        return (protocol,) if isinstance(protocol, str) else tuple(protocol)

    def _versions(self, bucket: str, prefix: str) -> Iterator[dict[str, str]]:
        """Every version below a prefix that is not the one in place."""
        marker: dict[str, str] = {}
        while True:
            page = self.file_system.call_s3("list_object_versions", Bucket=bucket, Prefix=prefix, **marker)
            for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                if not version["IsLatest"]:
                    yield {"Key": version["Key"], "VersionId": version["VersionId"]}
            if not page.get("IsTruncated"):
                return
            marker = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
