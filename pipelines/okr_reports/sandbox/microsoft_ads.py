"""Microsoft's Advertising API (REST v13) over Acme: tokens that rotate, account search, campaigns, report jobs."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from okr_reports.sandbox.microsoft_ads_rows import COLUMNS, GOALS, REPORT_ZONES, by_goal, campaign_rows, csv_of
from okr_reports.sandbox.state import SandboxState

CHANNEL = "microsoft_ads"
SETTINGS = {
    "CREDENTIALS__DEVELOPER_TOKEN": "sandbox",
    "CREDENTIALS__CLIENT_ID": "sandbox",
    "CREDENTIALS__CLIENT_SECRET": "sandbox",
    "CREDENTIALS__REFRESH_TOKEN": "sandbox",
}
THROTTLED = (
    (
        400,
        b'{"TrackingId":"t","Type":"ApiFaultDetail","OperationErrors":[{"Code":207,"ErrorCode":'
        b'"ConcurrentRequestOverLimit","Message":"You have exceeded the limit of concurrent requests."}]}',
    ),
)
CUSTOMER, USER = "252336", "71"
# Microsoft's names for the zones of Acme's accounts.
ZONES = {"Europe/Paris": "BrusselsCopenhagenMadridParis", "America/New_York": "EasternTimeUSCanada"}
POLLS_PENDING = 1
_STATUS = {"active": "Active", "paused": "Paused", "completed": "BudgetPaused"}


class Refused(Exception):
    """An answer that is an error, in the body Microsoft gives it."""

    def __init__(self, status: int, code: int, name: str, message: str, headers: dict[str, str] | None = None) -> None:
        self.status, self.headers = status, headers or {}
        # faults of the platform have a list of their own; those of an operation another
        where, kind = ("Errors", "AdApiFaultDetail") if code < 200 else ("OperationErrors", "ApiFaultDetail")
        self.body = {
            "TrackingId": "d4bd7f6c",
            "Type": kind,
            where: [{"Code": code, "ErrorCode": name, "Message": message, "Detail": None}],
        }
        super().__init__(message)


@dataclass
class _Job:
    account: str
    start: date
    end: date
    columns: list[str]
    campaigns: list[str]
    outcome: str | None
    polls: int = 0


def application(state: SandboxState) -> Starlette:
    """The services as one ASGI application."""
    api = _Api(state)
    post = ["POST"]
    return Starlette(
        routes=[
            Route("/{tenant}/oauth2/v2.0/token", api.token, methods=post),
            Route("/CustomerManagement/v13/User/Query", api.answer(api.user), methods=post),
            Route("/CustomerManagement/v13/Accounts/Search", api.answer(api.accounts), methods=post),
            Route("/CampaignManagement/v13/Campaigns/QueryByAccountId", api.answer(api.campaigns), methods=post),
            Route("/CampaignManagement/v13/ConversionGoals/QueryByIds", api.answer(api.goals), methods=post),
            Route("/Reporting/v13/GenerateReport/Submit", api.answer(api.submit), methods=post),
            Route("/Reporting/v13/GenerateReport/Poll", api.answer(api.poll), methods=post),
            Route("/ReportDownload/{job:int}.zip", api.download),
        ]
    )


class _Api:
    def __init__(self, state: SandboxState) -> None:
        self._state = state
        self._jobs: dict[int, _Job] = {}
        self._newest = ""

    def answer(self, find: Any) -> Any:
        """The handler of an operation: the caller is checked first, then the request."""

        async def handle(request: Request) -> Response:
            try:
                self._check(request)
                return JSONResponse(find(request, await request.json()))
            except Refused as refused:
                return JSONResponse(refused.body, refused.status, refused.headers)

        return handle

    async def token(self, request: Request) -> Response:
        """A new refresh token with every access token; as at Microsoft the older ones work until their own end."""
        form = {name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()}
        given = form.get("refresh_token", "")
        is_known = given in self._state.words or given == self._newest != ""
        if (
            form.get("grant_type") != "refresh_token"
            or not is_known
            or form.get("client_id") not in self._state.words
            or form.get("client_secret", "sandbox") not in self._state.words
            or "msads.manage" not in form.get("scope", "")
        ):
            return JSONResponse(
                {"error": "invalid_grant", "error_description": "AADSTS70000: The grant is not valid."}, 400
            )
        if CHANNEL in self._state.unscoped:
            orders = "AADSTS65001: The user or administrator has not consented to use the application."
            return JSONResponse({"error": "invalid_grant", "error_description": orders}, 400)
        self._state.counts["microsoft_ads refreshes"] += 1
        self._state.counts["microsoft_ads rotated"] += given == self._newest
        access = self._state.issue_token()
        self._newest = f"rotated-{access}"
        return JSONResponse(
            {
                "token_type": "Bearer",
                "scope": form["scope"],
                "expires_in": 3599,
                "access_token": access,
                "refresh_token": self._newest,
            }
        )

    def user(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        if body != {"UserId": None}:
            raise Refused(400, 100, "NullRequest", "The request message is null or not valid.")
        return {
            "User": {"Id": USER, "UserName": "reports@acme.example", "UserLifeCycleStatus": "Active"},
            "CustomerRoles": [{"RoleId": 41, "CustomerId": CUSTOMER}],
        }

    def accounts(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("Predicates") != [{"Field": "UserId", "Operator": "Equals", "Value": USER}]:
            raise Refused(400, 4002, "InvalidPredicate", "One or more predicates are not valid.")
        index, size = body["PageInfo"]["Index"], body["PageInfo"]["Size"]
        if not 1 <= size <= 1000:
            raise Refused(400, 4003, "InvalidPageInfo", "The page size must be between 1 and 1000.")
        found = [
            {
                "Id": profile.id,
                "Name": profile.name,
                "Number": f"X{profile.id}",
                "CurrencyCode": profile.currency,
                "TimeZone": ZONES[profile.timezone],
                "ParentCustomerId": CUSTOMER,
                "AccountLifeCycleStatus": "Active",
            }
            for profile in self._state.company.accounts(CHANNEL)
        ]
        return {"Accounts": found[index * size : (index + 1) * size]}

    def campaigns(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        account, today = body["AccountId"], self._state.today
        self._may(request, account)
        if "Search" not in body.get("CampaignType", "").split(","):
            return {"Campaigns": []}
        return {
            "Campaigns": [
                {
                    "Id": campaign.id,
                    "Name": campaign.name(today),
                    "Status": _STATUS[campaign.status(today)],
                    "CampaignType": "Search",
                }
                for campaign in self._state.company.campaigns(CHANNEL, account)
                if campaign.is_listed(today)
            ],
            "PartialErrors": [],
        }

    def goals(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """All of the account; the state may hold others than the usual ones."""
        if body.get("ConversionGoalIds") or "Event" not in body.get("ConversionGoalTypes", "").split(","):
            raise Refused(400, 3306, "InvalidConversionGoalType", "The conversion goal types are not valid.")
        account = request.headers.get("customeraccountid", "")
        self._may(request, account)
        return {"ConversionGoals": self._state.more.get(CHANNEL, {}).get("goals", list(GOALS)), "PartialErrors": []}

    def submit(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        wanted = body["ReportRequest"]
        unknown = [name for name in wanted.get("Columns", ()) if name not in COLUMNS]
        if wanted.get("Type") != "CampaignPerformanceReportRequest" or unknown or not wanted.get("Columns"):
            raise Refused(400, 2016, "InvalidReportColumns", f"Please check your request parameters. {unknown}")
        if (wanted.get("Format"), wanted.get("FormatVersion"), wanted.get("Aggregation")) != ("Csv", "2.0", "Daily"):
            raise Refused(400, 2004, "InvalidReportFormat", "This sandbox makes daily CSV reports only.")
        if not wanted["ExcludeReportHeader"] or not wanted["ExcludeReportFooter"] or wanted["ExcludeColumnHeaders"]:
            raise Refused(400, 2005, "InvalidReportFormat", "This sandbox makes reports of one header line only.")
        narrowed = wanted["Scope"].get("Campaigns") or []
        [account] = wanted["Scope"].get("AccountIds") or sorted({campaign["AccountId"] for campaign in narrowed})
        campaigns = [campaign["CampaignId"] for campaign in narrowed]
        self._may(request, account)
        if wanted["Time"].get("ReportTimeZone") not in REPORT_ZONES:
            raise Refused(400, 2010, "InvalidReportTimeZone", "The report time zone is not valid.")
        start, end = (_day(wanted["Time"][side]) for side in ("CustomDateRangeStart", "CustomDateRangeEnd"))
        if start > end:
            raise Refused(400, 2028, "InvalidCustomDateRangeEnd", "The end date must not be earlier than the start.")
        running = [c for c in self._state.company.campaigns(CHANNEL, account) if c.start <= end and c.end >= start]
        number, count = len(self._jobs), sum(not campaigns or campaign.id in campaigns for campaign in running)
        outcome = self._state.job_outcome(CHANNEL, number, (end - start).days + 1, count)
        self._jobs[number] = _Job(account, start, end, wanted["Columns"], campaigns, outcome)
        return {"ReportRequestId": f"3000{number}"}

    def poll(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        number = int(body["ReportRequestId"].removeprefix("3000"))
        job = self._jobs.get(number)
        if job is None:
            raise Refused(400, 2100, "ReportingServiceInvalidReportId", "The report ID is not valid.")
        job.polls += 1
        if job.outcome == "never" or job.polls <= POLLS_PENDING:
            return {"ReportRequestStatus": {"Status": "Pending", "ReportDownloadUrl": None}}
        if job.outcome == "failed":
            return {"ReportRequestStatus": {"Status": "Error", "ReportDownloadUrl": None}}
        url = f"{str(request.url).split('/Reporting/')[0]}/ReportDownload/{number}.zip?sig=2b5e"
        return {"ReportRequestStatus": {"Status": "Success", "ReportDownloadUrl": url if self._rows(job) else None}}

    async def download(self, request: Request) -> Response:
        """As the blob store does it: signed by the address, and no other authorisation beside that."""
        job = self._jobs.get(request.path_params["job"])
        if job is None or request.query_params.get("sig") != "2b5e" or "authorization" in request.headers:
            return Response("<Error><Code>AuthenticationFailed</Code></Error>", 403, media_type="application/xml")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(
                "report.csv", csv_of(list(self._state.drifted(CHANNEL, dict.fromkeys(job.columns))), self._rows(job))
            )
        return Response(packed.getvalue(), media_type="application/x-zip-compressed")

    def _rows(self, job: _Job) -> list[dict[str, Any]]:
        rows = campaign_rows(self._state, CHANNEL, job.account, job.start, job.end)
        rows = [part for row in rows for part in by_goal(row)] if "Goal" in job.columns else rows
        wanted = [row for row in rows if not job.campaigns or row["CampaignId"] in job.campaigns]
        return [self._state.drifted(CHANNEL, row) for row in wanted]

    def _check(self, request: Request) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if (CHANNEL, token) in self._state.expired:
            raise Refused(401, 109, "AuthenticationTokenExpired", "Authentication token expired. Please renew it.")
        is_known = self._state.token_works(CHANNEL, token) and token not in self._state.words
        if not is_known or request.headers.get("developertoken") not in self._state.words:
            raise Refused(
                401,
                105,
                "InvalidCredentials",
                "Authentication failed. Either supplied credentials are invalid or the account is inactive",
            )
        if CHANNEL in self._state.throttled:
            raise Refused(400, 117, "CallRateExceeded", self._state.throttled[CHANNEL], {"Retry-After": "120"})

    def _may(self, request: Request, account: str) -> None:
        known = {profile.id for profile in self._state.company.accounts(CHANNEL)}
        named = (request.headers.get("customeraccountid"), request.headers.get("customerid"))
        if account in self._state.denied or account not in known or named != (account, CUSTOMER):
            raise Refused(403, 106, "UserIsNotAuthorized", "User is not authorized to perform this operation.")


def _day(written: dict[str, int]) -> date:
    return date(written["Year"], written["Month"], written["Day"])
