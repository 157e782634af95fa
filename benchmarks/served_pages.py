"""An ads account of TikTok's dialect with as many campaigns as wished, its pages made beforehand and kept in memory.

Run as a process of its own (`serving()`), so that what it costs is not counted to whoever reads from it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import parse_qs

import uvicorn

ADVERTISER = "7012345678901234567"
PAGE = 1000
REPORT_DAYS = 30
REPORT = "/open_api/v1.3/report/integrated/get/"


@dataclass(frozen=True)
class Extent:
    """Every campaign has a row on each of `days` days up to `end`."""

    campaigns: int
    days: int
    end: date

    @property
    def start(self) -> date:
        return self.end - timedelta(days=self.days - 1)

    def reports(self) -> Iterator[tuple[date, date]]:
        """First and last days of the reports that the account takes, oldest first."""
        for at in range(0, self.days, REPORT_DAYS):
            first = self.start + timedelta(days=at)
            yield first, min(first + timedelta(days=REPORT_DAYS - 1), self.end)


def rows_of(extent: Extent, day: date) -> Iterator[dict[str, dict[str, str]]]:
    """The day's rows as TikTok writes them: all metrics are text, amounts with two decimals."""
    for campaign in range(extent.campaigns):
        seed = (campaign * 7919 + day.toordinal() * 104_729) % 1_000_003
        yield {
            "dimensions": {"campaign_id": str(1_728_545_382_536_225 + campaign), "stat_time_day": f"{day} 00:00:00"},
            "metrics": {
                "campaign_name": f"Spark {campaign:04d}",
                "impressions": str(seed % 90_000),
                "clicks": str(seed % 900),
                "spend": f"{seed % 50_000 / 100:.2f}",
                "conversion": str(seed % 17),
                "total_purchase_value": f"{seed % 70_000 / 100:.2f}",
                "complete_payment": str(seed % 11),
                "sales_lead": str(seed % 5),
                "video_play_actions": str(seed % 40_000),
                "video_watched_6s": "-" if seed % 97 == 0 else str(seed % 9_000),
                "likes": str(seed % 300),
                "follows": str(seed % 30),
            },
        }


def pages_of(extent: Extent, start: date, end: date) -> list[bytes]:
    """The pages of one report, as bodies."""
    days = (start + timedelta(days=at) for at in range((end - start).days + 1))
    rows = [row for day in days for row in rows_of(extent, day)]
    pages = [rows[at : at + PAGE] for at in range(0, len(rows), PAGE)] or [[]]
    about = {"total_number": len(rows), "page_size": PAGE, "total_page": len(pages)}
    return [answer({"list": page, "page_info": {**about, "page": at}}) for at, page in enumerate(pages, start=1)]


def answer(data: dict[str, object]) -> bytes:
    return json.dumps({"code": 0, "message": "OK", "request_id": "2026", "data": data}).encode()


class Served:
    """The ASGI application. A report is made when it is first asked for: warm up, then measure."""

    def __init__(self, extent: Extent) -> None:
        self._extent = extent
        self._reports: dict[tuple[str, str], list[bytes]] = {}
        self._account = answer(
            {
                "list": [
                    {
                        "advertiser_id": ADVERTISER,
                        "name": "Acme",
                        "currency": "EUR",
                        "timezone": "Etc/UTC",
                        "display_timezone": "UTC",
                        "status": "STATUS_ENABLE",
                    }
                ]
            }
        )
        self._nothing = answer(
            {"list": [], "page_info": {"total_number": 0, "page": 1, "page_size": PAGE, "total_page": 1}}
        )

    async def __call__(self, scope: dict[str, object], receive: object, send: object) -> None:
        path = str(scope["path"]).removeprefix("/tiktok_ads")
        asked = {name: values[0] for name, values in parse_qs(bytes(scope["query_string"]).decode()).items()}  # type: ignore[call-overload]
        body = self._nothing
        if path.endswith("advertiser/info/"):
            body = self._account
        elif path == REPORT:
            body = self._page(asked["start_date"], asked["end_date"], int(asked["page"]))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": body})  # type: ignore[operator]

    def _page(self, start: str, end: str, number: int) -> bytes:
        if (start, end) not in self._reports:
            first = max(date.fromisoformat(start), self._extent.start)
            last = min(date.fromisoformat(end), self._extent.end)
            self._reports[start, end] = pages_of(self._extent, first, last)
        return self._reports[start, end][number - 1]


@contextmanager
def serving(extent: Extent) -> Iterator[str]:
    """The base URL of a server process with this extent."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.served_pages",
        str(extent.campaigns),
        str(extent.days),
        str(extent.end),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def main(campaigns: str, days: str, end: str) -> None:
    import socket

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/tiktok_ads", flush=True)
    app = Served(Extent(int(campaigns), int(days), date.fromisoformat(end)))
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
