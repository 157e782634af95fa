"""The desk's pages that edit objectives, key results, KPIs and notes: a form, what the edit does, the edit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from okr_reports import okrs
from okr_reports.desk.commits import commit, propose
from okr_reports.desk.schema_fields import EntryForm, Field, entry_form, types_of
from okr_reports.desk.stored import ChangedMeanwhile, Stored, entries, find, one_at_a_time, place_for
from okr_reports.desk.typed_values import Fields, Style, Unreadable, changed, rows_of, shown, text_of
from okr_reports.errors import Finding, shown_path
from okr_reports.findings import answers_reader
from okr_reports.key_result_types import find as key_result_type
from okr_reports.okrs.definitions import Definitions
from okr_reports.okrs.yaml_reader import Mapping, read_yaml

if TYPE_CHECKING:
    from okr_reports.desk.app import Desk
    from okr_reports.desk.view import View

KINDS = {
    "objective": "Objective", "key_result": "Key result", "measure": "Its own number", "kpi": "KPI", "note": "Note",
}  # fmt: skip
MOST_BYTES = 65_536


class Editing:
    """The routes below `edit`."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.folder = desk, desk.workspace.definitions_dir

    def routes(self) -> list[Route]:
        return [
            Route("/edit", self.listed),
            Route("/edit/{kind}/{id}", self.form),
            Route("/edit/{kind}/{id}", self.sent, methods=["POST"]),
        ]

    async def listed(self, request: Request) -> Response:
        person = self.desk.guards.person(request)
        return await run_in_threadpool(self._listed, person, request.query_params.get("saved", ""))

    def _listed(self, person: str | None, saved: str) -> Response:
        view = self.desk.view()
        chosen = view.definitions
        periods = sorted(
            {objective.period for objective in chosen.objectives}, key=lambda name: _end(chosen, name), reverse=True
        )
        notes = [(stored.mark, stored.entry) for stored in entries(self.folder, "note")]
        return self.desk.page(
            "edit_list.html", view, person, up="", saved=saved, periods=periods, running=_running(view),
            notes=sorted(notes, key=lambda pair: str((pair[1] or {}).get("date")), reverse=True)[:50],
        )  # fmt: skip

    async def form(self, request: Request) -> Response:
        person = self.desk.guards.person(request)
        kind, identifier = request.path_params["kind"], request.path_params["id"]
        given = {name: request.query_params.getlist(name) for name in ("type", "objective")}
        return await run_in_threadpool(self._form, kind, identifier, person, given)

    def _form(
        self, kind: str, identifier: str, person: str | None, given: Fields, wrong: dict[str, list[str]] | None = None,
        is_answered: bool = False, meanwhile: bool = False,
    ) -> Response:  # fmt: skip
        view = self.desk.view()
        stored = self._stored(kind, identifier, given)
        type_ = text_of(given, "type") or (stored.entry or {}).get("type")
        if (types_ := types_of(kind)) and type_ not in types_:
            return self.desk.page(
                "edit_types.html", view, person, up="../../", identifier=identifier, types=types_,
                about=lambda name: view.language.text(key_result_type(name).about),
                objective=text_of(given, "objective"),
            )  # fmt: skip
        form = entry_form(kind, type_)
        style = _style(view, kind, stored.entry or {}, given)
        before = {name: texts for field in form.fields for name, texts in self._shown(field, stored, style).items()}
        values = given if is_answered else before
        shared = {
            "given": values, "wrong": wrong or {}, "is_new": stored.entry is None, "rows_of": rows_of, "view": view,
            "t": view.language.text, "options": lambda field, value: _options(view, field, value),
            "words": lambda field: [(word, view.word(word)) for word in field.words],
            "languages_of": lambda name: view.languages_of(name, values), "language_name": view.language_name,
        }  # fmt: skip
        return self.desk.page(
            "edit_form.html", view, person, up="../../", identifier=identifier, stored=stored, c=shared,
            entry_form=form, kind_word=KINDS[kind], title=_title(view, stored.entry or {}), type=type_,
            objective=text_of(given, "objective"),
            is_new=stored.entry is None, wrong=wrong or {}, meanwhile=meanwhile, form=self.desk.guards.form(person),
            is_changed=lambda field: _texts(before, field) != _texts(given, field),
            now_of=lambda field: _words(view, field, (stored.entry or {}).get(field.name), style),
            status=409 if meanwhile else 422 if wrong else 200,
        )  # fmt: skip

    @staticmethod
    def _shown(field: Field, stored: Stored, style: Style) -> dict[str, list[str]]:
        return shown(field, (stored.entry or {}).get(field.name), style)

    async def sent(self, request: Request) -> Response:
        person = self.desk.guards.person(request)
        fields = await self.desk.guards.posted(request, person, MOST_BYTES)
        return await run_in_threadpool(
            self._sent, request.path_params["kind"], request.path_params["id"], person, fields
        )

    def _sent(self, kind: str, identifier: str, person: str | None, fields: Fields) -> Response:
        with self.desk.writing, one_at_a_time(self.desk.workspace.data_dir):
            view = self.desk.view()
            stored = self._stored(kind, identifier, fields)
            step = text_of(fields, "step")
            if stored.mark != text_of(fields, "known"):
                return self._form(kind, identifier, person, fields, is_answered=True, meanwhile=True)
            if step == "rows" or step == "back":
                return self._form(kind, identifier, person, fields, is_answered=True)
            is_removed = step.startswith("remove")
            form = entry_form(kind, text_of(fields, "type") or (stored.entry or {}).get("type"))
            new: dict[str, Any] | None = None
            wrong: dict[str, list[str]] = {}
            if not is_removed:
                new, wrong = self._answered(view, form, stored, fields)
            if wrong:
                return self._form(kind, identifier, person, fields, wrong, is_answered=True)
            if stored.entry is None and kind in ("objective", "kpi"):
                stored = place_for(self.folder, kind, new or {}) or stored
            data = stored.with_entry(new)
            after, warnings, wrong = self._checked(view, form, stored, data)
            if after is None or wrong:
                return self._form(kind, identifier, person, fields, wrong, is_answered=True)
            if step in ("save", "remove_save"):
                return self._save(stored, data, kind, new or stored.entry or {}, identifier, person, fields)
            moves = self.desk.options.diff(view.definitions, after) if self.desk.options.diff else []
            carried = {name: texts for name, texts in fields.items() if name not in ("form", "step")}
            return self.desk.page(
                "edit_review.html", view, person, up="../../", kind=kind, identifier=identifier, moves=moves,
                warnings=warnings, changes=self._changes(view, form, stored, new), is_removed=is_removed,
                carried=[(name, text) for name, texts in carried.items() for text in texts],
                title=_title(view, new or stored.entry or {}), form=self.desk.guards.form(person),
            )  # fmt: skip

    def _stored(self, kind: str, identifier: str, given: Fields) -> Stored:
        """The entry of an address. Raises HTTPException 404."""
        if kind not in KINDS:
            raise HTTPException(404, f"the desk edits {', '.join(KINDS)}")
        if identifier == "new" and kind != "measure":
            found = place_for(self.folder, kind, {}, text_of(given, "objective")) if kind != "note" else None
        else:
            found = find(self.folder, kind, identifier)
        if found is None:
            raise HTTPException(404, f"there is no {kind.replace('_', ' ')} {identifier[:80]!r}")
        return found

    def _answered(
        self, view: View, form: EntryForm, stored: Stored, fields: Fields
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """The entry as the form says, in the order of the file and then of the model; what cannot be read, by field."""
        before, wrong = stored.entry or {}, {}
        style = _style(view, form.kind, before, fields)
        values: dict[str, Any] = {}
        for field in form.fields:
            try:
                values[field.name] = changed(field, before.get(field.name), fields, style)
            except Unreadable as error:
                wrong[error.name] = [view.unreadable(error.what)]
        if form.types:
            values["type"] = text_of(fields, "type") or before.get("type")
        if form.kind == "objective":
            values |= {name: before[name] for name in ("measure", "key_results") if name in before}
        if "id" in values and not values["id"]:
            values["id"] = _new_id(view.definitions, form.kind, values.get("title"))
        values = {name: value for name, value in values.items() if value is not None}
        if not before:
            order = ["id", "title", "type", *values]
            return {name: values[name] for name in dict.fromkeys(order) if name in values}, wrong
        return _in_order(before, values), wrong

    def _checked(
        self, view: View, form: EntryForm, stored: Stored, data: bytes
    ) -> tuple[Definitions | None, list[str], dict[str, list[str]]]:
        """The definitions with the edit, what `okr check` warns of anew, and its errors beside their fields."""
        reader = answers_reader(self.desk.workspace)
        _, known = okrs.check(self.folder, today=view.today, answers=reader)
        after, found = okrs.check(self.folder, today=view.today, answers=reader, instead={stored.path: data})
        old = {(finding.what, finding.todo) for finding in known}
        new = [finding for finding in found if (finding.what, finding.todo) not in old]
        wrong: dict[str, list[str]] = {}
        errors, warnings = (
            [finding for finding in new if finding.severity == severity] for severity in ("error", "warning")
        )
        for finding in errors:
            name, sentence = _beside(finding, form, stored, data), f"{finding.what}; {finding.todo}"
            wrong.setdefault(name, []).append(sentence if name else f"{finding.path}:{finding.line}: {sentence}")
        return after, [f"{finding.what}; {finding.todo}" for finding in warnings], wrong

    def _changes(
        self, view: View, form: EntryForm, stored: Stored, new: dict[str, Any] | None
    ) -> list[tuple[Field | str, str, str]]:
        """Each field that changes, as it was and as it will be; all of a new entry."""
        before = stored.entry or {}
        if new is None:
            return []
        style = _style(view, form.kind, {**before, **new}, {})
        found: list[tuple[Field | str, str, str]] = []
        if before.get("type") != new.get("type"):
            found.append(("type", view.word(before.get("type")), view.word(new.get("type"))))
        for field in form.fields:
            was, now = (_words(view, field, entry.get(field.name), style) for entry in (before, new))
            if before.get(field.name) != new.get(field.name):
                found.append((field, was, now))
        return found

    def _save(
        self,
        stored: Stored,
        data: bytes,
        kind: str,
        entry: dict[str, Any],
        identifier: str,
        person: str | None,
        fields: Fields,
    ) -> Response:
        name = entry.get("id") or entry.get("on") or (stored.objective or {}).get("id", "")
        message, options = f"Edit {kind.replace('_', ' ')}: {name}", self.desk.options
        if options.branch:
            branch = propose(stored.path, data, message, person or "okr desk", self.desk.view().today.isoformat())
            return RedirectResponse(f"../../edit?saved={quote(f'branch {branch}')}", status_code=303)
        try:
            stored.write(data)
        except ChangedMeanwhile:
            return self._form(kind, identifier, person, fields, is_answered=True, meanwhile=True)
        saved = "yes"
        if options.commit:
            trouble = commit(stored.path, message, person or "okr desk", options.push)
            saved = "not pushed!" if trouble else saved
        return RedirectResponse(f"../../edit?saved={quote(saved)}", status_code=303)


def _running(view: View) -> list[str]:
    spans = {
        name: view.definitions.span(name) for name in {objective.period for objective in view.definitions.objectives}
    }
    return [name for name, span in spans.items() if span and span.start <= view.today <= span.end]


def _end(chosen: Definitions, period: str) -> str:
    span = chosen.span(period)
    return str(span.end) if span else ""


def _style(view: View, kind: str, entry: dict[str, Any], given: Fields) -> Style:
    """Numbers of an entry whose unit is percent are typed as such."""
    kpi = text_of(given, "kpi") or entry.get("kpi")
    known = view.definitions.kpi_by_id.get(str(kpi)) if kpi else None
    unit = known.unit if known else text_of(given, "unit") or entry.get("unit")
    return Style(view.formatter.decimal_sign, unit == "percent" and kind in ("key_result", "measure"))


def _texts(given: Fields, field: Field) -> dict[str, list[str]]:
    return {
        name: list(texts) for name, texts in given.items()
        if (name == field.name or name.startswith(f"{field.name}.")) and any(texts)
    }  # fmt: skip


def _in_order(before: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The keys of the file in its order, and each new one behind the nearest of the model that comes before it."""
    found = [name for name in before if name in values]
    names = list(values)
    for at, name in enumerate(names):
        if name not in found:
            near = next((earlier for earlier in reversed(names[:at]) if earlier in found), None)
            found.insert(found.index(near) + 1 if near else len(found), name)
    return {name: values[name] for name in found}


def _new_id(definitions: Definitions, kind: str, title: Any) -> str:
    """An id made of the title: people who fill in forms need not make one up."""
    text = str(next(iter(title.values()), "") if isinstance(title, dict) else title or kind)
    plain = re.sub(r"[^a-z0-9]+", "_", _ascii(text).casefold()).strip("_")[:50].strip("_")
    stem = plain if plain[:1].isalpha() else f"{kind}_{plain}".strip("_")
    known = {*definitions.kpi_by_id} if kind == "kpi" else {*definitions.objective_by_id, *definitions.key_result_by_id}
    return next(
        name for number in range(1, 10_000) if (name := stem if number == 1 else f"{stem}_{number}") not in known
    )


def _ascii(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()


def _beside(finding: Finding, form: EntryForm, stored: Stored, data: bytes) -> str:
    """The field that a finding is about, '' where it is none of this form's."""
    if finding.path != str(shown_path(stored.path)):
        return ""
    content, _ = read_yaml(data, "")
    node, start = content, 0
    place = stored.place if stored.entry is not None else (*stored.place, -1)
    if stored.entry is None and stored.place[-1] == "measure":
        place = stored.place
    for step in place:
        node = node[step]
        start = node.line if isinstance(node, Mapping) else start
    names = {field.name for field in form.fields}
    if not isinstance(node, Mapping) or finding.line < start:
        return ""
    # a sentence names the key that it is about, or the one to write
    said = re.findall(r"\w+", f"{finding.what.partition(': ')[0]} {finding.what} {finding.todo}")
    if near := next((name for name in said if name in names - {"on", "text", "names", "id"}), None):
        return str(near)
    inside = [(line, name) for name, line in node.lines.items() if start < line <= finding.line and name in names]
    return str(max(inside)[1]) if inside else ""


def _title(view: View, entry: dict[str, Any]) -> str:
    title = entry.get("title") or entry.get("text") or entry.get("id") or ""
    if isinstance(title, dict):
        title = title.get(view.language.code) or next(iter(title.values()), "")
    return str(title)


def _words(view: View, field: Field, value: Any, style: Style) -> str:
    """A value in one line, as a person reads it."""
    if value is None:
        return ""
    names = dict(_options(view, field, "")) if field.of else {}
    parts = []
    for name, texts in shown(field, value, style).items():
        key = name.rpartition(".")[2]
        for text in texts:
            said = names.get(text) or (view.word(text) if field.words or key in ("is", "state") else text)
            parts.append(f"{key}: {said}" if name != field.name and key not in ("number", "kpi") else said)
    return ", ".join(part for part in parts if part not in ("number", view.word("number")) or field.kind == "choice")


def _options(view: View, field: Field, value: str) -> Sequence[tuple[str, str]]:
    """What a field that names another definition may hold, with titles; what it holds now is always one of them."""
    found: list[tuple[str, str]] = view.named(field.of)
    return found if not value or value in dict(found) else [(value, value), *found]
