"""The sandbox server: every stand-in on one port of this machine, with the truth beside it.

/<channel>/...                the vendor's own paths
/truth/<channel>/daily.csv    what a faultless load must sum up to (query: from, to, asked_on)
/_sandbox                     GET: the state; POST: change it (tests)
"""

from __future__ import annotations

import csv
import io
import os
import socket
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from okr_reports import settings
from okr_reports.common.loopback import is_for, not_for
from okr_reports.errors import OkrError
from okr_reports.sandbox import (
    ga4,
    google_ads,
    hubspot,
    linkedin_ads,
    mailchimp,
    meta_ads,
    microsoft_ads,
    search_console,
    tiktok_ads,
)
from okr_reports.sandbox.child import run_to_its_end
from okr_reports.sandbox.company import FOUNDED, Figures
from okr_reports.sandbox.faults import THROTTLED, BreaksConnections, Faults
from okr_reports.sandbox.state import SandboxState

HOST = "127.0.0.1"
CONTROL = "/_sandbox"
# One module a channel: CHANNEL, SETTINGS and application(state); if need be THROTTLED, TOKENS_EXPIRE (faults.py), and
# for what is no advertising TRUTH_COLUMNS and truth(state, start, end, asked_on), which yields their rows.
STAND_INS = (ga4, google_ads, hubspot, linkedin_ads, mailchimp, meta_ads, microsoft_ads, search_console, tiktok_ads)
TRUTH_COLUMNS = (
    "date",
    "channel",
    "account_id",
    "campaign_id",
    "currency",
    *(figure.name for figure in fields(Figures)),
)


def application(state: SandboxState) -> Starlette:
    """All stand-ins over one state."""

    async def truth(request: Request) -> Response:
        channel, query = request.path_params["channel"], request.query_params
        if channel not in (*state.company.channels(), *(stand_in.CHANNEL for stand_in in STAND_INS)):
            return PlainTextResponse(f"no such channel: {channel}", 404)
        asked_on = date.fromisoformat(query.get("asked_on", state.today.isoformat()))
        start = date.fromisoformat(query.get("from", FOUNDED.isoformat()))
        end = date.fromisoformat(query.get("to", asked_on.isoformat()))
        return PlainTextResponse(_truth_csv(state, channel, start, end, asked_on), media_type="text/csv")

    async def control(request: Request) -> Response:
        if request.method == "POST":
            try:
                state.tell(await request.json())
            except ValueError as error:
                return PlainTextResponse(str(error), 400)
        return JSONResponse(
            {
                "today": state.today.isoformat(),
                "seed": state.seed,
                "counts": dict(state.counts),
                "faults": dict(state.faults_done),
            }
        )

    mounts = [
        Mount(f"/{stand_in.CHANNEL}", _Outage(_faulty(stand_in, state), state, stand_in.CHANNEL))
        for stand_in in STAND_INS
    ]
    return Starlette(
        routes=[
            Route("/truth/{channel}/daily.csv", truth),
            Route(CONTROL, control, methods=["GET", "POST"]),
            *mounts,
        ]
    )


def _faulty(stand_in: Any, state: SandboxState) -> Faults:
    return Faults(
        stand_in.application(state),
        state,
        stand_in.CHANNEL,
        getattr(stand_in, "THROTTLED", THROTTLED),
        getattr(stand_in, "TOKENS_EXPIRE", True),
    )


@dataclass
class RunningSandbox:
    """A server in a thread of this process. `url` has no trailing slash."""

    url: str
    state: SandboxState
    _server: uvicorn.Server
    _thread: threading.Thread

    def environment(self) -> dict[str, str]:
        """What points every connector here, and lets deliveries know that the data are a sandbox's."""
        found = {"OKR_SANDBOX": self.url, "OKR_SANDBOX_SEED": str(self.state.seed)}
        for stand_in in STAND_INS:
            prefix = f"SOURCES__{stand_in.CHANNEL.upper()}__"
            found[f"{prefix}BASE_URL"] = f"{self.url}/{stand_in.CHANNEL}"
            found |= {f"{prefix}{name}": value for name, value in stand_in.SETTINGS.items()}
        return found

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)


def start(
    seed: int = 0, faults: float = 0.0, port: int = 0, today: date | None = None, names: Collection[str] = ()
) -> RunningSandbox:
    """Serve in a thread, `names` of hosts too; `port` 0 takes a free one. Returns when it answers."""
    state = SandboxState(seed, today or _today(), faults)
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as error:
        listening.close()
        raise OkrError(f"port {port} cannot be had: {error.strerror}; name another with --port") from None
    config = uvicorn.Config(
        BreaksConnections(_OwnHost(application(state), names)),
        log_level="error",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True, name="okr-sandbox")
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(timeout=0.01)
    return RunningSandbox(f"http://{HOST}:{listening.getsockname()[1]}", state, server, thread)


def serve(port: int, seed: int, faults: float, names: Collection[str] = ()) -> None:
    """Serve until interrupted."""
    running = start(seed, faults, port, names=names)
    print(f"sandbox at {running.url} (seed {seed}, faults {faults:g}, today {running.state.today})", flush=True)
    for name, value in running.environment().items():
        print(f"export {name}={value}", flush=True)
    try:
        running._thread.join()
    except KeyboardInterrupt:
        running.stop()


def run_with_sandbox(command: Sequence[str], seed: int, faults: float, names: Collection[str] = ()) -> int:
    """Run `command` with every channel pointed at a sandbox of its own; its exit code.

    What ends this process ends the command too, and whatever it has started.
    """
    # An environment that is not activated has its `okr` on no path.
    path = os.pathsep.join([os.environ.get("PATH") or os.defpath, str(Path(sys.executable).parent)])
    running = start(seed, faults, names=names)
    try:
        return run_to_its_end(command, {**os.environ, **running.environment(), "PATH": path})
    except OSError as error:
        raise OkrError(f"{command[0]} cannot be run: {error.strerror}; name a program on PATH after --") from None
    finally:
        running.stop()


class _OwnHost:
    """ASGI middleware: a request for another host, or one from a web page that changes the sandbox, is refused."""

    def __init__(self, app: Any, names: Collection[str]) -> None:
        self._app, self._names = app, names

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers: dict[str, str] = {}
        for name, value in scope.get("headers", ()):
            # a header that is there twice is two hosts
            headers[name.decode("latin-1")] = headers.get(name.decode("latin-1"), "") + value.decode("latin-1")
        refused = None
        if not is_for(headers.get("host", ""), self._names):
            refused = not_for(self._names)
        elif scope["path"] == CONTROL and _is_from_elsewhere(headers):
            refused = "the sandbox takes no orders from pages of other origins\n"
        if refused is None:
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse(refused, 403)(scope, receive, send)


def _is_from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether a browser marks the request as one of a page of another origin; other clients send neither header."""
    site, origin = headers.get("sec-fetch-site", "none"), headers.get("origin")
    return site not in ("none", "same-origin") or origin not in (None, f"http://{headers.get('host')}")


class _Outage:
    """ASGI middleware: the channel answers everything with the status that was set."""

    def __init__(self, app: Any, state: SandboxState, channel: str) -> None:
        self._app, self._state, self._channel = app, state, channel

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        status = self._state.outage.get(self._channel)
        if status is None:
            await self._app(scope, receive, send)
        else:
            self._state.counts[self._channel] += 1
            await PlainTextResponse("Service Unavailable", status)(scope, receive, send)


def _truth_csv(state: SandboxState, channel: str, start: date, end: date, asked_on: date) -> str:
    written = io.StringIO()
    out = csv.writer(written, lineterminator="\n")
    own = next((stand_in for stand_in in STAND_INS if channel == stand_in.CHANNEL and hasattr(stand_in, "truth")), None)
    if own is not None:
        out.writerow(own.TRUTH_COLUMNS)
        out.writerows(own.truth(state, start, end, asked_on))
        return written.getvalue()
    out.writerow(TRUTH_COLUMNS)
    for day, account, campaign, currency, figures in state.company.truth(channel, start, end, asked_on):
        if (channel, account, day) not in state.erased:
            out.writerow((day, channel, account, campaign, currency, *astuple(figures)))
    return written.getvalue()


def _today() -> date:
    return settings.today("UTC")
