"""Meta's Marketing API (Graph v26.0) over Acme: ad accounts, campaigns, insights at once and by report jobs."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from okr_reports.sandbox.company import Campaign, days_of, sum_of
from okr_reports.sandbox.meta_ads_rows import (
    ACCOUNT_FIELDS,
    BREAKDOWNS,
    INSIGHT_FIELDS,
    LEVELS,
    NODE_FIELDS,
    USAGE,
    chosen_fields,
    ids_of,
    insight_row,
)
from okr_reports.sandbox.state import SandboxState

CHANNEL = "meta_ads"
SETTINGS = {"CREDENTIALS__ACCESS_TOKEN": "sandbox"}
TOKENS_EXPIRE = False
# Of the application, of the account, and of two business use cases: all of them HTTP 400.
THROTTLED = tuple(
    (
        400,
        b'{"error":{"message":"(#%d) Too many calls","type":"OAuthException","code":%d,"fbtrace_id":"A"}}'
        % (code, code),
    )
    for code in (4, 17, 80000, 80004)
)
# v24.0 ended on 2026-11-10.
VERSIONS = ("v25.0", "v26.0", "v27.0")
WINDOWS = {"1d_click", "7d_click", "28d_click", "1d_view", "1d_ev", "incrementality", "default"}
# Gone since 2026-01-12.
GONE_WINDOWS = {"7d_view", "28d_view"}
OLDEST_MONTHS = 37
# Real pages of insights hold as many rows as requested; here at most fifty pages of an entity listing.
ROWS_A_PAGE = 50
# A job runs this many times before it is complete.
POLLS_RUNNING = 1
# The rows are under another id than the POST gave.
FINAL_ID = 7
_STATUS = {"active": "ACTIVE", "paused": "PAUSED", "completed": "PAUSED"}


class Refused(Exception):
    """An answer that is an error, in the body Meta gives it."""

    def __init__(
        self,
        code: int,
        message: str,
        status: int = 400,
        subcode: int = 0,
        *,
        transient: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.status, self.headers = status, headers or {}
        kind = "GraphMethodException" if code == 100 else "OAuthException"
        self.body = {
            "error": {
                "message": f"(#{code}) {message}",
                "type": kind,
                "code": code,
                "fbtrace_id": "AbCdEf",
                "is_transient": transient,
                **({"error_subcode": subcode} if subcode else {}),
            }
        }
        super().__init__(message)


@dataclass
class _Job:
    account: str
    query: dict[str, str]
    fails: bool
    hangs: bool
    polls: int = 0


def application(state: SandboxState) -> Starlette:
    """The API as an ASGI application."""
    api = _Api(state)
    return Starlette(
        routes=[
            Route("/{version}/me/adaccounts", api.answer(api.accounts)),
            Route("/{version}/me", api.answer(api.me)),
            Route("/{version}/act_{account:int}", api.answer(api.account)),
            Route("/{version}/act_{account:int}/campaigns", api.answer(api.campaigns)),
            Route("/{version}/act_{account:int}/adsets", api.answer(api.adsets)),
            Route("/{version}/act_{account:int}/ads", api.answer(api.ads)),
            Route("/{version}/act_{account:int}/insights", api.answer(api.start_job), methods=["POST"]),
            Route("/{version}/act_{account:int}/insights", api.answer(api.insights_at_once)),
            Route("/{version}/{run:int}", api.answer(api.job)),
            Route("/{version}/{run:int}/insights", api.answer(api.job_rows)),
        ]
    )


class _Api:
    def __init__(self, state: SandboxState) -> None:
        self._state = state
        self._jobs: dict[int, _Job] = {}

    def answer(self, find: Any) -> Any:
        """The handler of one node or edge: token and version first."""

        async def handle(request: Request) -> Response:
            query = dict(parse_qsl((await request.body()).decode())) | dict(request.query_params)
            usage = {name: json.dumps(value) for name, value in USAGE.items()}
            try:
                self._check(request, query)
                params = {name: value for name, value in request.path_params.items() if name != "version"}
                return JSONResponse(find(query, path=request.url.path, **params), headers=usage)
            except Refused as refused:
                return JSONResponse(refused.body, refused.status, {**usage, **refused.headers})

        return handle

    def accounts(self, query: dict[str, str], path: str) -> dict[str, Any]:
        fields = _fields(query, ACCOUNT_FIELDS)
        rows = [
            {
                "account_id": profile.id,
                "id": f"act_{profile.id}",
                "name": profile.name,
                "currency": profile.currency,
                "timezone_name": profile.timezone,
                "account_status": 1,
                **self._state.more.get(CHANNEL, {}).get("described", {}).get(profile.id, {}),
            }
            for profile in self._state.company.accounts(CHANNEL)
        ]
        # the id of an account comes whatever fields are requested
        chosen = [chosen_fields(row, [*fields, "account_id"]) for row in rows]
        return self._page(query, path, chosen, self._state.page_size)

    def me(self, query: dict[str, str], path: str) -> dict[str, Any]:
        return {"name": "Acme reports", "id": "122100000000000001"}

    def account(self, query: dict[str, str], path: str, account: int) -> dict[str, Any]:
        self._may(str(account))
        rows: list[dict[str, Any]] = self.accounts({**query, "limit": "1000"}, path)["data"]
        return next(row for row in rows if row["account_id"] == str(account))

    def adsets(self, query: dict[str, str], path: str, account: int) -> dict[str, Any]:
        return self.campaigns(query, path, account, "adset")

    def ads(self, query: dict[str, str], path: str, account: int) -> dict[str, Any]:
        return self.campaigns(query, path, account, "ad")

    def campaigns(self, query: dict[str, str], path: str, account: int, level: str = "campaign") -> dict[str, Any]:
        self._may(str(account))
        fields, today = _fields(query, (*NODE_FIELDS, "campaign_id", "adset_id")), self._state.today
        statuses = json.loads(query.get("effective_status") or '["ACTIVE", "PAUSED"]')
        rows = []
        for campaign in self._state.company.campaigns(CHANNEL, str(account)):
            if campaign.start <= today:
                # a campaign that was deleted is found by its status for a while, then by no list
                status = _STATUS[campaign.status(today)] if campaign.is_listed(today) else "DELETED"
                moment = f"{campaign.start}T09:00:00+0000"
                rows.append(
                    {
                        **ids_of(campaign),
                        "id": ids_of(campaign)[f"{level}_id"],
                        "account_id": str(account),
                        "name": campaign.name(today),
                        "status": status,
                        "effective_status": status,
                        "objective": "OUTCOME_LEADS",
                        **dict.fromkeys(("created_time", "updated_time", "start_time"), moment),
                    }
                )
        return self._page(
            query,
            path,
            [
                chosen_fields(row, fields)
                for row in rows
                if row["effective_status"] in statuses and not self._is_forgotten(row["campaign_id"], str(account))
            ],
            self._state.page_size,
        )

    def start_job(self, query: dict[str, str], path: str, account: int) -> dict[str, Any]:
        self._may(str(account))
        since, until = self._validated(query)
        run = 120_000_000 + 10 * len(self._jobs)
        count = sum(
            campaign.start <= until and campaign.end >= since for campaign in self._narrowed(str(account), query)
        )
        outcome = self._state.job_outcome(CHANNEL, len(self._jobs), (until - since).days + 1, count)
        self._jobs[run] = _Job(str(account), query, outcome == "failed", outcome == "never")
        return {"report_run_id": str(run)}

    def job(self, query: dict[str, str], path: str, run: int) -> dict[str, Any]:
        job = self._jobs.get(run, self._jobs.get(run - FINAL_ID))
        if job is None:
            return self._campaign(query, path, str(run))
        job.polls += 1
        state: tuple[str, int] = ("Job Running", 40)
        if job.polls > POLLS_RUNNING and not job.hangs:
            state = ("Job Failed", 40) if job.fails else ("Job Completed", 100)
        final = run + FINAL_ID if run in self._jobs else run
        return {
            "id": str(final),
            "account_id": job.account,
            "async_status": state[0],
            "async_percent_completion": state[1],
        }

    def _campaign(self, query: dict[str, str], path: str, campaign_id: str) -> dict[str, Any]:
        for account in self._state.company.accounts(CHANNEL):
            every = {**query, "limit": "100000", "effective_status": '["ACTIVE", "PAUSED", "DELETED"]', "after": ""}
            rows: list[dict[str, Any]] = self.campaigns(every, path, int(account.id))["data"]
            if found := next((row for row in rows if row["id"] == campaign_id), None):
                return found
        raise _not_there(campaign_id)

    def job_rows(self, query: dict[str, str], path: str, run: int) -> dict[str, Any]:
        job = self._jobs.get(run - FINAL_ID)
        if job is None:
            raise _not_there(run)
        if job.polls <= POLLS_RUNNING:
            raise Refused(100, "The report is not ready", subcode=1504018)
        return self._insights(job.account, job.query, query, path)

    def insights_at_once(self, query: dict[str, str], path: str, account: int) -> dict[str, Any]:
        self._may(str(account))
        self._validated(query)
        return self._insights(str(account), query, query, path)

    def _insights(self, account: str, what: Mapping[str, str], page: dict[str, str], path: str) -> dict[str, Any]:
        most = self._state.jobs.get(CHANNEL, {}).get("most_rows")
        if most is not None and int(page.get("limit", 25)) > most:
            raise Refused(1, "Please reduce the amount of data you're asking for, then retry your request", 500)
        since, until = self._validated(what)
        profile = next(profile for profile in self._state.company.accounts(CHANNEL) if profile.id == account)
        fields = _fields(dict(what), INSIGHT_FIELDS)
        # windows that are gone are passed over
        windows = [
            window for window in json.loads(what.get("action_attribution_windows", "[]")) if window not in GONE_WINDOWS
        ]
        parts = {name: BREAKDOWNS[name] for name in json.loads(what.get("breakdowns") or "[]")}
        rows = []
        for campaign, days in self._parted(account, what, since, until):
            figures = sum_of([self._state.figures(CHANNEL, part, day) for part, day in days])
            if not figures.is_empty:
                row = insight_row(profile, campaign, campaign.name(self._state.today), days[0][1], figures, windows)
                span = {"date_start": str(days[0][1]), "date_stop": str(days[-1][1])}
                rows.append(self._state.drifted(CHANNEL, {**chosen_fields(row, fields), **parts, **span}))
        return self._page(page, path, rows, self._state.page_size * ROWS_A_PAGE)

    def _parted(
        self, account: str, what: Mapping[str, str], since: date, until: date
    ) -> list[tuple[Campaign, list[tuple[Campaign, date]]]]:
        """What each row is of: a campaign's day, its days, or those of the account."""
        found: dict[tuple[str, str], tuple[Campaign, list[tuple[Campaign, date]]]] = {}
        for campaign in self._narrowed(account, what):
            for day in days_of(max(since, campaign.start), min(until, campaign.end, self._state.today)):
                whose = "" if what.get("level", "account") == "account" else campaign.id
                when = str(day) if what.get("time_increment") == "1" else ""
                found.setdefault((whose, when), (campaign, []))[1].append((campaign, day))
        return list(found.values())

    def _narrowed(self, account: str, query: Mapping[str, str]) -> list[Campaign]:
        """The campaigns that `filtering` lets through."""
        campaigns = list(self._state.company.campaigns(CHANNEL, account))
        for condition in json.loads(query.get("filtering") or "[]"):
            if condition.get("field") != "campaign.id" or condition.get("operator") not in ("IN", "NOT_IN"):
                raise Refused(100, f"Invalid filtering field {condition.get('field')} with {condition.get('operator')}")
            campaigns = [c for c in campaigns if (c.id in condition["value"]) == (condition["operator"] == "IN")]
        return campaigns

    def _validated(self, query: Mapping[str, str]) -> tuple[date, date]:
        _fields(dict(query), INSIGHT_FIELDS)
        if query.get("level", "account") not in LEVELS:
            raise Refused(100, f"(#100) level must be one of the following values: {', '.join(LEVELS)}")
        if query.get("time_increment", "all_days") not in ("1", "all_days"):
            raise Refused(100, "This sandbox makes reports of time_increment 1 and all_days only")
        if unknown := set(json.loads(query.get("breakdowns") or "[]")) - BREAKDOWNS.keys():
            raise Refused(100, f"breakdowns: this sandbox has no {', '.join(sorted(unknown))}")
        unknown = set(json.loads(query.get("action_attribution_windows", "[]"))) - WINDOWS - GONE_WINDOWS
        if unknown:
            raise Refused(100, f"action_attribution_windows[0] must be one of the following values: {sorted(WINDOWS)}")
        try:
            # several ranges may be given where each is a row of its own: this sandbox takes one
            [given] = json.loads(query["time_ranges"]) if "time_ranges" in query else [json.loads(query["time_range"])]
            since, until = date.fromisoformat(given["since"]), date.fromisoformat(given["until"])
        except (KeyError, ValueError):
            raise Refused(100, "Must be a dictionary with since and until as YYYY-MM-DD: time_range") from None
        if since > until:
            raise Refused(100, "since must be before until: time_range")
        if (self._state.today - since).days > OLDEST_MONTHS * 30.44:
            raise Refused(3018, "The start date of the time range cannot be beyond 37 months from the current date")
        return since, until

    def _check(self, request: Request, query: dict[str, str]) -> None:
        if "access_token" in query:
            self._state.counts["meta_ads tokens in the URL"] += 1
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or query.get("access_token", "")
        if not self._state.token_works(CHANNEL, token):
            raise Refused(
                190,
                "Error validating access token: Session has expired"
                if (CHANNEL, token) in self._state.expired
                else "Invalid OAuth access token - Cannot parse access token",
                401,
                463,
            )
        if CHANNEL in self._state.unscoped:
            raise Refused(200, "(#200) Requires ads_read permission to access this resource", 403)
        if request.path_params["version"] not in VERSIONS:
            raise Refused(
                2635, "You are calling a deprecated version of the Ads API. Please update to the latest version: v26.0."
            )
        if CHANNEL in self._state.throttled:
            set_code, _, minutes = self._state.throttled[CHANNEL].partition(":")
            code = set_code if set_code.isdigit() else "17"
            orders = {
                "798085168510957": [
                    {
                        "type": "ads_insights",
                        "call_count": 100,
                        "total_cputime": 25,
                        "total_time": 25,
                        "estimated_time_to_regain_access": int(minutes or 0),
                    }
                ]
            }
            raise Refused(
                int(code),
                "There have been too many calls",
                subcode=2446079 if code == "17" else 0,
                transient=True,
                headers={"x-business-use-case-usage": json.dumps(orders)} if minutes else {},
            )

    def _may(self, account: str) -> None:
        if account in self._state.denied:
            raise Refused(200, "Ad account owner has NOT grant ads_management or ads_read permission", 403)
        if account not in {profile.id for profile in self._state.company.accounts(CHANNEL)}:
            raise _not_there(f"act_{account}")

    def _is_forgotten(self, campaign_id: str, account: str) -> bool:
        campaign = next(
            campaign for campaign in self._state.company.campaigns(CHANNEL, account) if campaign.id == campaign_id
        )
        return campaign.deleted_on is not None and (self._state.today - campaign.deleted_on).days > 180

    def _page(self, query: dict[str, str], path: str, rows: list[dict[str, Any]], most: int) -> dict[str, Any]:
        size = min(int(query.get("limit", 25)), most)
        at = int(base64.b64decode(query["after"]).decode()) if query.get("after") else 0
        if not rows:
            return {"data": []}
        ends = {"before": _cursor(at), "after": _cursor(at + size)}
        paging: dict[str, Any] = {"cursors": ends}
        if at + size < len(rows):
            more = urlencode({"access_token": "never-follow-me", "limit": size, "after": ends["after"]})
            paging["next"] = f"https://graph.facebook.com{path.removeprefix('/' + CHANNEL)}?{more}"
        return {"data": rows[at : at + size], "paging": paging}


def _fields(query: dict[str, str], known: tuple[str, ...]) -> list[str]:
    given = query.get("fields", "id")
    # Meta's own client writes a list as JSON, others write the names with commas
    fields = json.loads(given) if given.startswith("[") else [name.strip() for name in given.split(",")]
    for name in fields:
        if name not in (*known, "id"):
            raise Refused(100, f"Tried accessing nonexisting field ({name})")
    return fields


def _not_there(what: object) -> Refused:
    return Refused(
        100,
        f"Unsupported get request. Object with ID '{what}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation",
        subcode=33,
    )


def _cursor(at: int) -> str:
    return base64.b64encode(str(at).encode()).decode()
