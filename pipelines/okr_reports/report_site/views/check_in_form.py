"""What the form of a check-in on a page needs: the file it makes, its text with gaps, and the way to the git host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from okr_reports.common.plain_values import shows
from okr_reports.key_result_types import find

# The new-file page of each git host, with the file's path and text in its address. GitLab's editor ignores a text,
# Bitbucket and Azure DevOps have no such page: there the text is copied, and pasted by hand.
_NEW_FILE = {
    "github": "{repository}/new/{branch}?filename={folder}/{file}&value={text}",
    "gitea": "{repository}/_new/{branch}/{folder}?filename={file}&value={text}",
    "forgejo": "{repository}/_new/{branch}/{folder}?filename={file}&value={text}",
    "gitlab": "{repository}/-/new/{branch}?file_name={folder}/{file}",
    "bitbucket": "{repository}",
    "azure": "{repository}?path=/{folder}&version=GB{branch}",
}
HOST_NAMES = {
    "github": "GitHub", "gitea": "Gitea", "forgejo": "Forgejo", "gitlab": "GitLab", "bitbucket": "Bitbucket",
    "azure": "Azure DevOps",
}  # fmt: skip


@dataclass(frozen=True)
class CheckInForm:
    """`answer` is what the type asks beside the confidence: value, done, met, grade, or '' where a KPI gives it.

    `new_file` has the gaps `{file}` and `{text}` for the script, `link` is the same filled with `template`; both are ''
    without a repository, and `takes_text` tells whether the host fills the text in. `form` is a form elsewhere.
    """

    answer: str
    folder: str
    file: str
    template: str
    new_file: str
    link: str
    takes_text: bool
    host: str
    desk: str
    form: str
    decimal: str


shows(CheckInForm, *CheckInForm.__dataclass_fields__)


def check_in_form(context: Mapping[str, Any], decimal: str, row: Mapping[str, Any]) -> CheckInForm:
    """For one key result (a row of `key_results`), by the settings in `context` (the row of `report_context`)."""
    reads = find(row["type"]).reads
    answer = "" if reads == "value" and row["kpi_id"] else reads
    day = context["today"].isoformat()
    template = _template(row, day, answer)
    host = context.get("check_in_host") or ""
    # a publication of an older version has no such columns
    folder = context.get("check_in_folder") or "okr_definitions/check_ins"
    address = ""
    if host in _NEW_FILE and context.get("check_in_repository"):
        address = _NEW_FILE[host].format(
            repository=context["check_in_repository"], branch=quote(context["check_in_branch"]),
            folder=quote(folder), file="{file}", text="{text}",
        )  # fmt: skip
    file = f"{day}_{row['key_result_id']}.yml"
    desk = context.get("check_in_desk") or ""
    return CheckInForm(
        answer,
        folder,
        file,
        template,
        address,
        address.replace("{file}", quote(file)).replace("{text}", quote(template)),
        "{text}" in address,
        HOST_NAMES.get(host, host),
        f"{desk}/check-in/{row['key_result_id']}" if desk else "",
        _filled(context.get("check_in_form") or "", row),
        decimal,
    )


def _template(row: Mapping[str, Any], day: str, answer: str) -> str:
    """The text of the file with a gap for each answer that only a person can give."""
    lines = [
        "check_ins:",
        f"  - date: {day}",
        f"    key_result: {row['key_result_id']}",
        f"    author: {json.dumps(row['owner'] or '', ensure_ascii=False)}",
        *([f"    {answer}: "] if answer else []),
        *(["    evidence: "] if row.get("evidence_target") else []),
        "    confidence: ",
        '    note: ""',
        '    next: ""',
    ]
    return "\n".join(lines) + "\n"


def _filled(url: str, row: Mapping[str, Any]) -> str:
    """A form's address with what is known of the key result in its gaps."""
    confidence = row["confidence"]
    known = {
        "key_result": row["key_result_id"],
        "value": "" if row["value"] is None else f"{row['value']:g}",
        "confidence": "" if confidence is None else f"{confidence:.0%}",
    }
    for name, text in known.items():
        url = url.replace("{" + name + "}", quote(str(text), safe=""))
    return url
