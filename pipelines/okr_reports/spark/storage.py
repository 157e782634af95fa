"""The lake's files, wherever they lie: fsspec knows the storage by the URL's scheme."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from okr_reports.errors import EngineError


class Storage:
    """A folder of the lake; paths are relative to its URL."""

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs

        try:
            self.files, root = url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise EngineError(f"the lake {url} cannot be opened: {error}") from None
        self.root = str(root)

    @contextmanager
    def writing(self, path: str) -> Iterator[IO[bytes]]:
        """A file to write; where the storage can, it shows only once it is whole."""
        place = f"{self.root}/{path}"
        self.files.makedirs(place.rpartition("/")[0], exist_ok=True)
        with self.files.transaction, self.files.open(place, "wb") as file:
            yield file

    def file_list(self, path: str) -> list[dict[str, Any]]:
        """The files of a folder with their sizes; none if it is not there."""
        try:
            found = self.files.ls(f"{self.root}/{path}", detail=True, refresh=True)
        except FileNotFoundError:
            return []
        return [file for file in found if file["type"] == "file"]

    def folders(self, path: str) -> list[str]:
        """The names of a folder's folders; none if it is not there."""
        try:
            found = self.files.ls(f"{self.root}/{path}", detail=True, refresh=True)
        except FileNotFoundError:
            return []
        return sorted(
            folder["name"].rstrip("/").rpartition("/")[2] for folder in found if folder["type"] == "directory"
        )

    def remove(self, path: str) -> None:
        """Delete a folder with all in it."""
        self.files.rm(f"{self.root}/{path}", recursive=True)

    def remove_file(self, name: str) -> None:
        """Delete a file by the name that `file_list` gave."""
        self.files.rm_file(name)
