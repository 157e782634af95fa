"""The desk's pages: what waits, the form of a check-in, the form of a note."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from okr_reports import settings
from okr_reports.common.isolated import isolated_value
from okr_reports.desk import answers
from okr_reports.desk.commits import commit, propose
from okr_reports.desk.editing import Editing
from okr_reports.desk.guards import Guards
from okr_reports.desk.view import View
from okr_reports.errors import DefinitionsError, OkrError
from okr_reports.findings import read_definitions
from okr_reports.okrs.definitions import Definitions
from okr_reports.report_site.views.assets import SHIPPED
from okr_reports.settings import Workspace

TEMPLATES = Path(__file__).parent / "templates"
FILES = {
    "site.css": (SHIPPED, "text/css"), "desk.css": (TEMPLATES, "text/css"), "icon.svg": (SHIPPED, "image/svg+xml"),
}  # fmt: skip
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class DeskOptions:
    """How one desk runs.

    `names`: further names it answers to; `proxies`: who may set `person_header`; `branch`: each change goes to a branch
    of its own instead; `diff`: what one state of the definitions does that another did not, in sentences (`okr diff`).
    """

    commit: bool = False
    push: bool = False
    branch: bool = False
    person_header: str | None = None
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    names: tuple[str, ...] = ()
    diff: Callable[[Definitions, Definitions], list[str]] | None = None


def make_app(workspace: Workspace, options: DeskOptions) -> Starlette:
    """The desk over one workspace."""
    desk = Desk(workspace, options)
    routes = [
        Route("/", desk.waiting),
        Route("/check-in/{key_result}", desk.form),
        Route("/check-in/{key_result}", desk.check_in, methods=["POST"]),
        Route("/note", desk.note_form),
        Route("/note", desk.note, methods=["POST"]),
        *Editing(desk).routes(),
        *(Route(f"/{name}", desk.file) for name in FILES),
    ]
    handlers: Any = {HTTPException: _refused, DefinitionsError: _broken, OkrError: _broken, OSError: _broken}
    return Starlette(routes=routes, exception_handlers=handlers)


class Desk:
    def __init__(self, workspace: Workspace, options: DeskOptions) -> None:
        self.workspace, self.options = workspace, options
        self.guards = Guards(options.names, options.person_header, options.proxies)
        self.writing = threading.Lock()
        self.templates = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, finalize=isolated_value,
        )  # fmt: skip

    async def file(self, request: Request) -> Response:
        self.guards.person(request)
        name = request.url.path.rpartition("/")[2]
        folder, kind = FILES[name]
        return Response((folder / name).read_bytes(), media_type=kind, headers=HEADERS)

    async def waiting(self, request: Request) -> Response:
        person = self.guards.person(request)
        return await run_in_threadpool(self._waiting, person, request.query_params.get("saved", ""))

    def _waiting(self, person: str | None, saved: str) -> Response:
        view = self.view()
        mine = [check_in for check_in in view.check_ins if person and check_in.owner.casefold() == person.casefold()]
        others = [check_in for check_in in view.check_ins if check_in not in mine]
        return self.page("waiting.html", view, person, mine=mine, others=others, saved=saved)

    async def form(self, request: Request) -> Response:
        person = self.guards.person(request)
        given = {name: request.query_params.getlist(name) for name in request.query_params}
        return await run_in_threadpool(self._form, request.path_params["key_result"], person, given)

    def _form(
        self, key_result: str, person: str | None, given: answers.Fields, wrong: dict[str, str] | None = None
    ) -> Response:
        view = self.view()
        check_in = view.find(key_result)
        return self.page(
            "check_in.html", view, person, check_in=check_in, given=given, wrong=wrong or {},
            form=self.guards.form(person), status=422 if wrong else 200,
        )  # fmt: skip

    async def check_in(self, request: Request) -> Response:
        person = self.guards.person(request)
        fields = await self.guards.posted(request, person)
        return await run_in_threadpool(self._check_in, request.path_params["key_result"], person, fields)

    def _check_in(self, key_result: str, person: str | None, fields: answers.Fields) -> Response:
        with self.writing:
            view = self.view()
            due = view.find(key_result)
            try:
                path = answers.check_in(
                    self.workspace.definitions_dir, view.definitions, key_result, fields, view.today, person,
                    view.formatter.decimal_sign, due.unit == "percent",
                    view.language.text("Not a number. Write it as %(example)s.", example=view.typed(2.5)),
                )  # fmt: skip
            except answers.Refused as refused:
                return self._form(key_result, person, fields, refused.wrong)
            return self._kept(path, f"Check-in: {key_result}", person or answers.text_of(fields, "author"), "../")

    async def note_form(self, request: Request) -> Response:
        person = self.guards.person(request)
        return await run_in_threadpool(self._note_form, person, {"on": [request.query_params.get("on", "")]})

    def _note_form(self, person: str | None, given: answers.Fields, wrong: dict[str, str] | None = None) -> Response:
        view = self.view()
        return self.page(
            "note.html", view, person, given=given, wrong=wrong or {}, targets=answers.targets(view.definitions),
            form=self.guards.form(person), status=422 if wrong else 200,
        )  # fmt: skip

    async def note(self, request: Request) -> Response:
        person = self.guards.person(request)
        fields = await self.guards.posted(request, person)
        return await run_in_threadpool(self._note, person, fields)

    def _note(self, person: str | None, fields: answers.Fields) -> Response:
        with self.writing:
            view = self.view()
            try:
                path = answers.note(self.workspace.definitions_dir, view.definitions, fields, view.today)
            except answers.Refused as refused:
                return self._note_form(person, fields, refused.wrong)
            return self._kept(path, f"Note: {answers.text_of(fields, 'on')}", person or "", "./")

    def _kept(self, path: Path, message: str, person: str, back: str) -> Response:
        """Back to the list once the file is there, committed where that is set."""
        saved = "yes"
        if self.options.branch:
            data = path.read_bytes()
            path.unlink()  # it comes back when its branch is merged
            day = settings.today(self.view().definitions.settings.timezone).isoformat()
            saved = "branch " + propose(path, data, message, person or "okr desk", day)
        elif self.options.commit:
            trouble = commit(path, message, person or "okr desk", self.options.push)
            if trouble:
                saved = "not pushed!"
        return RedirectResponse(f"{back}?saved={quote(saved)}", status_code=303)

    def view(self) -> View:
        definitions = read_definitions(self.workspace)
        today = settings.today(definitions.settings.timezone)
        return View(self.workspace, definitions, today)

    def page(self, template: str, view: View, person: str | None, /, status: int = 200, **values: Any) -> Response:
        text = self.templates.get_template(template).render(
            t=view.language.text,
            view=view,
            person=person,
            organisation=view.definitions.settings.organisation,
            **values,
        )
        return HTMLResponse(text, status_code=status, headers=HEADERS)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(f"{error.detail}\n", error.status_code, headers={**HEADERS, **(error.headers or {})})


async def _broken(_: Request, error: Exception) -> Response:
    """The definitions have a mistake, or the disk refuses: nothing was written."""
    return PlainTextResponse(f"{error}\n", 503, headers=HEADERS)
