"""Copies the site to an object store, any that fsspec knows by its URL (`s3://bucket/okr`, `gs://`, `abfs://`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from okr_reports.deliveries.site_files import SiteFile
from okr_reports.deliveries.sync import sync
from okr_reports.errors import DeliveryError

# How each family of stores is told the two headers; stores not named here keep their own defaults.
_HEADERS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "s3": lambda kind, cache: {"ContentType": kind, "CacheControl": cache},
    "gs": lambda kind, cache: {"content_type": kind, "fixed_key_metadata": {"cache_control": cache}},
}
_FAMILIES = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}


def publish_object_store(url: str, files: Sequence[SiteFile], options: Mapping[str, Any]) -> str:
    """Make the prefix at `url` hold these files, with content types and cache headers; in words what was done.

    `options` are fsspec's for that protocol. Raises DeliveryError, or whatever the store's library raises.
    """
    scheme = url.partition("://")[0]
    file_system, root = _open(url, options)
    store = _ObjectStore(file_system, root.rstrip("/"), _HEADERS.get(_FAMILIES.get(scheme, "")))
    said = str(sync(store, files))
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
        opened: tuple[Any, str] = url_to_fs(
            url, **{"use_listings_cache": False, "skip_instance_cache": True, **options}
        )
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
