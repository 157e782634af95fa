"""How much one query, one page, the process that renders them, and what they make may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one query may take, and a page. Rows above `rows` are cut and the page says so."""

    seconds: float = 20.0
    memory_mb: int = 512
    rows: int = 20_000
    page_seconds: float = 60.0
    # what the process that renders may take in all: what DuckDB may, and rows and pages in memory
    process_mb: int = 1536
    # the files of one page, and of the whole site, which are in memory until they are written
    page_mb: int = 50
    site_mb: int = 2048
