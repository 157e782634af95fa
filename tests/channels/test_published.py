"""A published sheet: loaded from its address, replaced when it changes, kept when it cannot be had."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from okr_reports.okrs.models.file_sources import FileSourceEntry
from tests.channels.a_folder import Files

SHEET = 'Fecha,Gasto\n1/9/2026,"1.234,50 €"\n13/9/2026,"65,50 €"\n'


class Sheet:
    """Answers every path with `body`, or with a redirect to `location`."""

    def __init__(self) -> None:
        self.body, self.location, self.asked = SHEET.encode(), "", list[str]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                if outer.location and self.path != "/content":
                    self.send_response(307)
                    self.send_header("Location", outer.location)
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *_: Any) -> None:
                """Nothing on the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/pub?output=csv"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def published() -> Iterator[Sheet]:
    sheet = Sheet()
    yield sheet
    sheet.server.shutdown()
    sheet.server.server_close()


def source(files: Files, sheet: Sheet) -> Any:
    return files.source(address=sheet.address, date="Fecha", measures=files.measures(spend="Gasto"))


def test_a_sheet_is_loaded_and_replaced_when_it_changes(files: Files, published: Sheet) -> None:
    [result] = files.load(source(files, published))
    assert (result.state, result.rows) == ("loaded", 2)
    assert [float(value) for _, value in files.rows("date, value")] == [1234.5, 65.5]
    published.body = SHEET.replace("65,50", "70,00").encode()
    files.load(source(files, published))
    assert [float(value) for _, value in files.rows("date, value")] == [1234.5, 70.0]
    assert published.asked == ["/pub?output=csv"] * 2


def test_the_sheets_own_host_may_hand_it_on_and_no_other(files: Files, published: Sheet) -> None:
    published.location = "/content"
    [result] = files.load(source(files, published))
    assert result.rows == 2
    published.location = "https://elsewhere.example/content"
    [result] = [one for one in files.load(source(files, published)) if one.state != "loaded"]
    assert "elsewhere.example" in str(result.error)
    assert "published as CSV" in str(result.error)
    # what was loaded stays
    assert len(files.rows("value")) == 2


def test_only_https_is_an_address(files: Files) -> None:
    entry = FileSourceEntry.model_validate(
        {
            "id": "s",
            "path": "https://docs.google.com/x/pub?output=csv",
            "channel": "s",
            "date": "d",
            "measures": {"m": "m"},
        }
    )
    assert entry.to_file_source(files.folder, ()).address == entry.path
