"""The site of a day as one file: targets whose url begins with board-pack://."""

import zipfile
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

# ZIP has no earlier moment; the same site gives the same bytes.
_EARLIEST = (1980, 1, 1, 0, 0, 0)


def send(url, release, options):
    """Write the site in the folder `release` as NAME-YYYY-MM-DD.zip into the folder that `url` names; in words.

    A later site of the same day takes the file's place, in one step. `options` are those of the target in .dlt/.
    """
    folder = Path(unquote(urlsplit(url).path))
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / f"{options.get('name', 'board-pack')}-{date.today().isoformat()}.zip"
    begun = whole.with_suffix(".part")
    files = sorted(path for path in Path(release).rglob("*") if path.is_file())
    with zipfile.ZipFile(begun, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(release).as_posix(), _EARLIEST)
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    begun.replace(whole)
    return f"{len(files)} files in {whole}"
