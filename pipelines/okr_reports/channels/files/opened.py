"""From a path to what is read: the kind of file by its content, archives unpacked within limits, text as UTF-8."""

from __future__ import annotations

import codecs
import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

from okr_reports.channels.files.faults import (
    LARGEST_FILE,
    LARGEST_SHEET,
    LARGEST_ZIP_RATIO,
    MOST_MEMBERS,
    Refused,
    refused,
)
from okr_reports.channels.files.rows import Fault

Kind = Literal["text", "excel", "parquet", "json"]
_PIECE = 1024**2
_HTML = re.compile(rb"\s*(<!doctype html|<html|<table|<\?xml)", re.IGNORECASE)
# what Windows-1252 adds to Latin-1 in running text; a letter such as 0x8E would be Mac's as well
_WINDOWS = frozenset(b"\x80\x82\x84\x85\x8b\x8c\x91\x92\x93\x94\x95\x96\x97\x99\x9b\x9c")
_HIGH_RUN = re.compile(rb"[\x80-\xff]{3}")
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")


@dataclass(frozen=True)
class Opened:
    """A file that is read as it lies at `path`: of an archive `member` is its name there. `encoding` is what text was
    written in; `path` is UTF-8 already."""

    path: Path
    kind: Kind
    member: str = ""
    encoding: str = ""


def check_size(path: Path) -> None:
    """Raises Refused for a file too large to be read, and OSError."""
    if path.stat().st_size > LARGEST_FILE:
        raise refused(f"is larger than {LARGEST_FILE >> 30} GB", "split it by month or year")


def open_file(path: Path, encoding: str | None, scratch: Path) -> list[Opened]:
    """What `path` holds: one file, or the members of a zip. Unpacked and decoded copies are made in `scratch`.

    Raises Refused, and OSError where the system does not hand it out.
    """
    check_size(path)
    with path.open("rb") as file:
        head = file.read(_PIECE)
    if head.startswith(b"PK\x03\x04"):
        return _zip(path, encoding, scratch)
    if head.startswith(b"\x1f\x8b"):
        return [_gunzipped(path, encoding, scratch)]
    return [_plain(path, head, encoding, scratch)]


def _plain(path: Path, head: bytes, encoding: str | None, scratch: Path, member: str = "") -> Opened:
    if not head:
        raise refused("is empty", "export it again, with its header line")
    if head.startswith(b"PK\x03\x04"):
        return Opened(path, "excel", member)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return Opened(path, "excel", member)
    if head.startswith(b"PAR1"):
        return Opened(path, "parquet", member)
    if _HTML.match(head):
        raise refused("is a web page, not a table", "open it and save it as .xlsx, or export it as CSV")
    used, copy = _as_utf8(path, encoding, scratch)
    kind: Kind = "json" if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{") else "text"
    return Opened(copy, kind, member, used)


def _zip(path: Path, encoding: str | None, scratch: Path) -> list[Opened]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            names = [member.filename for member in members]
            book = any(name.startswith(("xl/", "Index/")) or name == "content.xml" for name in names)
            _check_sizes(path, members, LARGEST_SHEET if book else LARGEST_FILE)
            if book:
                _check_book(archive, members)
                return [Opened(path, "excel")]
            return list(_members(archive, members, encoding, scratch))
    except (zipfile.BadZipFile, RuntimeError, zlib.error, EOFError) as error:
        raise refused(
            f"is not a readable archive ({type(error).__name__})", "pack it again, without a password"
        ) from None


def _check_sizes(path: Path, members: list[zipfile.ZipInfo], most: int) -> None:
    if len(members) > MOST_MEMBERS:
        raise refused(f"holds {len(members):,} files", f"pack at most {MOST_MEMBERS:,}, or unpack it into a folder")
    size = sum(member.file_size for member in members)
    if size > most or (size > _PIECE and size > LARGEST_ZIP_RATIO * path.stat().st_size):
        raise refused(f"unpacks to {size / 1024**2:,.0f} MB, which is suspiciously much", "export it as CSV or Parquet")


def _check_book(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    """No XML part may have a document type, where entities are declared."""
    for member in members:
        with archive.open(member) as opened:
            start = opened.read(4096)
        if any("<!DOCTYPE".encode(coding) in start for coding in ("utf-8", "utf-16-le", "utf-16-be")):
            raise refused("declares entities, which Excel never does", "open it and save it again as .xlsx")


def _members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], encoding: str | None, scratch: Path
) -> Iterator[Opened]:
    real = [
        member for member in members if not member.filename.startswith("__MACOSX/") and not _hidden(member.filename)
    ]
    if not real:
        raise refused("holds no file", "pack the export itself")
    for at, member in enumerate(real):
        parts = member.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or ":" in parts[0]:
            raise refused("holds a file whose name leads out of the archive", "pack it again")
        copy = scratch / f"member{at}"
        with archive.open(member) as packed:
            _copied(packed, copy, member.file_size)
        with copy.open("rb") as file:
            head = file.read(_PIECE)
        if head:
            yield _plain(copy, head, encoding, scratch, member.filename)


def _hidden(name: str) -> bool:
    return name.rpartition("/")[2].startswith(".")


def _gunzipped(path: Path, encoding: str | None, scratch: Path) -> Opened:
    copy = scratch / "unpacked"
    most = min(LARGEST_FILE, max(_PIECE, LARGEST_ZIP_RATIO * path.stat().st_size))
    try:
        with gzip.open(path) as packed:
            _copied(cast("IO[bytes]", packed), copy, most)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise refused(f"is not a readable archive ({type(error).__name__})", "pack it again") from None
    with copy.open("rb") as file:
        head = file.read(_PIECE)
    if head.startswith((b"\x1f\x8b", b"PK\x03\x04")) and not path.name.lower().endswith((".xlsx.gz", ".ods.gz")):
        raise refused("is an archive in an archive", "pack the export itself")
    return _plain(copy, head, encoding, scratch)


def _copied(packed: IO[bytes], copy: Path, most: int) -> None:
    size = 0
    with copy.open("wb") as out:
        while piece := packed.read(_PIECE):
            size += len(piece)
            if size > most:
                raise refused(f"unpacks to more than {most / 1024**2:,.0f} MB", "export it as CSV or Parquet")
            out.write(piece)


def _as_utf8(path: Path, encoding: str | None, scratch: Path) -> tuple[str, Path]:
    """The encoding of a text, and where it lies in UTF-8: the file itself, or a copy. Raises Refused."""
    with path.open("rb") as file:
        mark = file.read(4)
    if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and mark != codecs.BOM_UTF32_LE:
        encoding = "utf-16"
    elif encoding in (None, "utf-8", "utf8", "utf-8-sig"):
        bad = _first_not_utf8(path)
        if bad is None:
            return "utf-8", path
        encoding = None if encoding is not None else _one_reading(path)
        if encoding is None:
            raise _not_utf8(path, *bad)
    copy = scratch / f"{path.name}.utf8"
    _decode(path, encoding or "utf-8", copy)
    return encoding or "utf-8", copy


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(4 * _PIECE):
            yield piece


def _first_not_utf8(path: Path) -> tuple[int, int] | None:
    """The line and the byte where it stops being UTF-8 text, NUL included; None if all is well."""
    decoder, lines = codecs.getincrementaldecoder("utf-8")(), 1
    rest = b""
    for piece in _pieces(path):
        whole = rest + piece
        nul = whole.find(b"\0")
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            at = error.start if nul < 0 else min(nul, error.start)
            # the decoder's own buffer stands before this piece
            data = error.object if nul < 0 else whole
            return lines + data[:at].count(b"\n"), data[at]
        if nul >= 0:
            return lines + whole[:nul].count(b"\n"), 0
        lines += piece.count(b"\n")
        rest = b""
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return lines, error.object[error.start]
    return None


def _one_reading(path: Path) -> str | None:
    """Windows-1252, if the bytes can be nothing else that is written here: no UTF-8 beside it, no other alphabet."""
    for piece in _pieces(path):
        if b"\0" in piece or _MULTIBYTE.search(piece) or _HIGH_RUN.search(piece):
            return None
        if any(byte not in _WINDOWS for byte in set(piece) if 0x80 <= byte < 0xA0):
            return None
    return "windows-1252"


def _not_utf8(path: Path, line: int, byte: int) -> Refused:
    if byte == 0:
        return refused(f"line {line} is not UTF-8 text (it holds a NUL byte)", "save it as CSV UTF-8")
    try:
        other = f"; it would be {bytes([byte]).decode('windows-1252')!r} in Windows-1252"
    except UnicodeDecodeError:
        other = ""
    todo = "save it as CSV UTF-8, or declare `encoding: windows-1252` if that is what it is"
    return Refused([Fault(f"line {line} is not UTF-8 text (byte 0x{byte:02X}{other})", todo, settles="encoding")])


def _decode(path: Path, encoding: str, copy: Path) -> None:
    """Write `path` as UTF-8, piece by piece. Raises Refused with the line that is no text of that encoding."""
    line, name = 1, "UTF-16" if encoding == "utf-16" else encoding
    with path.open("rb") as file, copy.open("w", encoding="utf-8", newline="") as out:
        if encoding == "utf-16":
            encoding = "utf-16-be" if file.read(2) == codecs.BOM_UTF16_BE else "utf-16-le"
        decoder, piece = codecs.getincrementaldecoder(encoding)(), b"-"
        while piece:
            piece = file.read(_PIECE)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(encoding, "ignore")
                where = f"line {line + before.count(chr(10))}"
                raise refused(f"{where} is not {name} text", "export it again, or as CSV UTF-8") from None
            if "\0" in text:
                where = f"line {line + text[: text.index(chr(0))].count(chr(10))}"
                raise refused(f"{where} holds a NUL character", "remove it")
            line += text.count("\n")
            out.write(text)
