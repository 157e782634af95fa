"""Mailchimp's own client (mailchimp-marketing) gets from the stand-in what our channel gets."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import mailchimp_marketing
import pytest
from mailchimp_marketing.api_client import ApiClientError

pytestmark = pytest.mark.sdk
CHANNEL = "mailchimp"
SPAN = {"since_send_time": "2026-09-30T22:00:00+00:00", "before_send_time": "2026-11-22T23:00:00+00:00"}


@pytest.fixture
def mailchimp(make_bench: Any) -> Any:
    bench = make_bench()
    bench.set(CHANNEL, start_date="2026-10-01")
    bench.tell(page_size=3)
    bench.load(CHANNEL)
    return bench


def client(bench: Any, key: str = "sandbox") -> Any:
    there = mailchimp_marketing.Client({"api_key": key, "server": "us20"})
    there.api_client.host = f"{bench.sandbox.url}/{CHANNEL}/3.0"
    return there


def test_reports_ask_and_answer_the_same(mailchimp: Any) -> None:
    asked_by_us = next(query for _, path, query, _ in mailchimp.sandbox.state.requests if path.endswith("/reports"))
    ours = {name: values[-1] for name, values in parse_qs(asked_by_us.decode()).items()}
    there = client(mailchimp)
    found: list[dict[str, Any]] = []
    total = 1
    while len(found) < total:
        page = there.reports.get_all_campaign_reports(
            count=1000, offset=len(found), fields=ours["fields"].split(","), **SPAN
        )
        found, total = found + page["reports"], page["total_items"]
    asked_by_them = [query for _, path, query, _ in mailchimp.sandbox.state.requests if path.endswith("/reports")]
    theirs = {name: values[-1] for name, values in parse_qs(asked_by_them[-1].decode()).items()}
    assert ours == {**theirs, "offset": "0"}
    assert sorted((one["id"], one["emails_sent"], one["opens"]["unique_opens"]) for one in found) == mailchimp.rows(
        "select campaign_id, emails_sent, unique_opens from mailchimp.campaign_totals order by 1"
    )
    assert len(found) == total > 10


def test_the_rest_of_what_marketers_read_is_there(mailchimp: Any) -> None:
    there = client(mailchimp)
    assert there.ping.get()["health_status"]
    audiences = there.lists.get_all_lists(count=1000)["lists"]
    assert sorted(one["id"] for one in audiences) == [
        row[0] for row in mailchimp.rows("select id from mailchimp.audiences order by 1")
    ]
    assert there.lists.get_list_growth_history(audiences[0]["id"])["history"][0]["subscribed"] > 1000
    campaign = there.campaigns.list(count=1)["campaigns"][0]
    assert there.reports.get_campaign_report(campaign["id"])["emails_sent"] == campaign["emails_sent"]


def test_errors_are_problems(mailchimp: Any) -> None:
    with pytest.raises(ApiClientError) as raised:
        client(mailchimp, "mistyped").lists.get_all_lists()
    assert raised.value.status_code == 401
    mailchimp.tell(throttled={CHANNEL: "You have exceeded the limit of 10 simultaneous connections."})
    with pytest.raises(ApiClientError) as raised:
        client(mailchimp).lists.get_all_lists()
    assert json.loads(raised.value.text)["title"] == "Too Many Requests"
