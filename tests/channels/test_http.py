"""The HTTP client against a real server that misbehaves on purpose."""

from __future__ import annotations

import base64
import email.utils
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from okr_reports.channels.addresses import check_base_url
from okr_reports.channels.budget import Budget
from okr_reports.channels.http import ATTEMPTS, Http, doubling
from okr_reports.channels.oauth import RefreshedToken
from okr_reports.channels.replies import OK as OK_VERDICT
from okr_reports.channels.replies import Reply, Verdict, classify_by_status
from okr_reports.errors import ChannelError, CredentialsError, QuotaError, VendorError

SECRET = "s3cr3t/canary+of=the tests"
Answer = Callable[[BaseHTTPRequestHandler], None]


def json_answer(status: int, data: Any, **headers: str) -> Answer:
    return raw_answer(status, json.dumps(data).encode(), **headers)


def raw_answer(status: int, body: bytes, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def reset(request: BaseHTTPRequestHandler) -> None:
    request.connection.close()


def drip(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b" ")
        request.wfile.flush()
        time.sleep(0.05)


OK = json_answer(200, {"fine": True})
CUT_SHORT = raw_answer(200, b'{"fine": tr', Content_Length="200")


class Server:
    """Gives the answers in their order, the last one for ever; keeps what was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [OK]
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.waits: list[float] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                server.asked.append((self.path, dict(self.headers)))
                answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
                answer(self)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.http_server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http_server.server_address[1]}"
        threading.Thread(target=self.http_server.serve_forever, args=(0.02,), daemon=True).start()

    def client(self, **options: Any) -> Http:
        return Http("ads", f"{self.url}/v1", sleep=self.waits.append, secrets=(SECRET,), **options)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http_server.shutdown()
    made.http_server.server_close()


@pytest.mark.parametrize(
    "broken",
    [
        json_answer(500, {}),
        raw_answer(502, b"<html>"),
        json_answer(503, {}),
        json_answer(429, {}),
        reset,
        CUT_SHORT,
        raw_answer(200, b"<html>not JSON</html>"),
        raw_answer(200, b""),
        raw_answer(200, b"{}", Content_Encoding="gzip"),
    ],
)
def test_passing_trouble_is_retried(server: Server, broken: Answer) -> None:
    server.answers = [broken, broken, OK]
    assert server.client().get("x").data == {"fine": True}
    assert len(server.asked) == 3
    assert server.waits == [0.25, 0.5]


def test_lasting_trouble_ends_after_the_attempts(server: Server) -> None:
    server.answers = [json_answer(503, {"message": "down for maintenance"})]
    with pytest.raises(VendorError, match=r"ads: 127.0.0.1/v1/x failed 6 times, last: HTTP 503: down for maintenance"):
        server.client().get("x", "q=1")
    assert len(server.asked) == ATTEMPTS


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", 7),
        ("0", 0),
        (lambda: email.utils.formatdate(time.time() + 20, usegmt=True), 20),
    ],
)
def test_retry_after_is_honoured(server: Server, header: Any, wait: float) -> None:
    server.answers = [json_answer(429, {}, Retry_After=header() if callable(header) else header), OK]
    server.client().get("x")
    assert server.waits == [pytest.approx(wait, abs=2)]


def test_a_long_wait_ends_the_source_instead_of_sleeping(server: Server) -> None:
    server.answers = [json_answer(429, {"message": "slow down"}, Retry_After="40591")]
    client = server.client()
    with pytest.raises(QuotaError, match="asks to wait 40591 s"):
        client.get("x")
    with pytest.raises(QuotaError):
        client.get("another")
    assert (server.waits, len(server.asked)) == ([], 1)


def test_many_short_waits_add_up_to_the_end_of_the_source(server: Server) -> None:
    server.answers = [json_answer(429, {}, Retry_After="80")]
    with pytest.raises(QuotaError):
        server.client().get("x")
    assert sum(server.waits) <= 300


@pytest.mark.parametrize(
    ("waits", "asked", "waited"), [((1.0, 300.0), 3, [1.0, 300.0]), (doubling(5), 6, [5, 10, 20, 40, 80])]
)
def test_a_vendors_window_is_waited_for_try_by_try(
    server: Server, waits: tuple[float, ...], asked: int, waited: list[float]
) -> None:
    def classify(reply: Reply) -> Verdict:
        return Verdict("retry", "too many", reply.retry_after, waits=waits) if reply.status == 429 else OK_VERDICT

    server.answers = [json_answer(429, {})]
    said: list[str] = []
    client = server.client(classify=classify)
    client.within(Budget(waiting=1800), said.append)
    with pytest.raises((QuotaError, VendorError)):
        client.get("x")
    assert (len(server.asked), server.waits) == (asked, waited)
    assert len(said) == sum(wait >= 5 for wait in waited)
    assert "ads asks to wait" in said[0]
    server.answers = [json_answer(429, {}, Retry_After="2"), OK]
    assert server.client(classify=classify).get("x").data == {"fine": True}
    assert server.waits[-1] == 2


def test_a_window_beyond_the_budget_ends_the_source_at_once(server: Server) -> None:
    def classify(reply: Reply) -> Verdict:
        return Verdict("retry", "45 million", None, "refresh later", (330.0,))

    server.answers = [json_answer(429, {})]
    client = server.client(classify=classify, budget=Budget(waiting=300))
    with pytest.raises(QuotaError, match="asks to wait 330 s"):
        client.get("x")
    assert (len(server.asked), server.waits) == (1, [])


def test_a_reply_that_drips_is_given_up(server: Server) -> None:
    server.answers = [drip, OK]
    began = time.monotonic()
    assert server.client(reply_timeout=0.3).get("x").data == {"fine": True}
    assert time.monotonic() - began < 2


def test_silence_is_given_up(server: Server) -> None:
    server.answers = [lambda request: time.sleep(1), OK]
    assert server.client(read_timeout=0.2).get("x").data == {"fine": True}


def test_redirects_are_not_followed(server: Server) -> None:
    server.answers = [json_answer(302, {}, Location=f"{server.url}/elsewhere")]
    with pytest.raises(VendorError, match="redirect"):
        server.client().get("x")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1/x",
        "http://127.0.0.1:1/v1/x",
        "http://user@127.0.0.1/v1",
        "http://[::1]/",
        "http://[bad",
    ],
)
def test_links_to_other_hosts_are_not_followed(server: Server, link: str) -> None:
    with pytest.raises(VendorError, match="another host"):
        server.client().get(link)
    assert server.asked == []


def test_links_to_the_same_host_are(server: Server) -> None:
    assert server.client().get(f"{server.url}/v1/next?page=2").data == {"fine": True}


def test_a_vendor_has_a_dialect_of_its_own(server: Server) -> None:
    def classify(reply: Reply) -> Verdict:
        if reply.data == {"code": 17}:
            return Verdict("retry", "throttled", 3.0)
        return Verdict("quota", "used up") if reply.data == {"code": 80000} else classify_by_status(reply)

    server.answers = [json_answer(400, {"code": 17}), OK]
    assert server.client(classify=classify).get("x").data == {"fine": True}
    assert server.waits == [3.0]
    server.answers = [json_answer(200, {"code": 80000})]
    with pytest.raises(QuotaError, match="used up"):
        server.client(classify=classify).get("x")


def test_forbidden_is_of_this_request_only(server: Server) -> None:
    server.answers = [json_answer(403, {"error": {"message": "no access"}}), OK]
    client = server.client()
    with pytest.raises(CredentialsError, match="no access"):
        client.get("x")
    assert client.get("y").data == {"fine": True}


def test_no_message_holds_a_query_or_a_secret(server: Server) -> None:
    forms = [SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()]
    for status in (400, 401, 403, 404, 500):
        server.answers = [json_answer(status, {"message": f"bad token {' '.join(forms)}"})]
        with pytest.raises(ChannelError) as caught:
            server.client().get("x", f"access_token={forms[1]}")
        text = repr(caught.value) + str(caught.value.__cause__) + str(caught.value.__context__)
        assert not any(form in text for form in [*forms, "access_token"])


def test_unreachable_hosts_keep_the_query_to_themselves() -> None:
    client = Http("ads", "http://127.0.0.1:1", sleep=lambda _: None)
    with pytest.raises(VendorError, match="connection broke") as caught:
        client.get("x", "access_token=abc")
    assert "abc" not in str(caught.value)


def test_netrc_does_not_replace_our_header(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client = server.client()
    client.authenticator = RefreshedToken(lambda: client, "token", "mine", {})
    client.get("x")
    assert server.asked[0][1]["Authorization"] == "Bearer mine"


def test_a_token_is_refreshed_once_for_all_threads(server: Server) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        if request.path.endswith("/token"):
            time.sleep(0.1)
            json_answer(200, {"access_token": "fresh"})(request)
        elif request.headers["Authorization"] == "Bearer fresh":
            OK(request)
        else:
            json_answer(401, {"message": "expired"})(request)

    server.answers = [answer]
    client = server.client()
    client.authenticator = RefreshedToken(lambda: client, "token", "stale", {"grant_type": "refresh_token"})
    got: list[Any] = []
    threads = [threading.Thread(target=lambda: got.append(client.get("x").data)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [{"fine": True}] * 8
    assert sum(path.endswith("/token") for path, _ in server.asked) == 1


def test_a_refused_refresh_names_the_setting(server: Server) -> None:
    server.answers = [json_answer(400, {"error": "invalid_grant"})]
    client = server.client()
    client.authenticator = RefreshedToken(lambda: client, "token", "", {"refresh_token": "x"})
    with pytest.raises(CredentialsError, match=r"set refresh_token in \[sources.ads.credentials\]"):
        client.get("x")


@pytest.mark.parametrize("access_token", ["", "stale"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_request_for_a_token_ends(server: Server, access_token: str, status: int) -> None:
    """It once waited for the token that it was itself to fetch, with the writer's lock held."""
    server.answers = [json_answer(status, {"error": "invalid_client"})]
    client = server.client()
    client.authenticator = RefreshedToken(lambda: client, "token", access_token, {"refresh_token": "x"})
    said: list[Exception] = []

    def ask() -> None:
        try:
            client.get("x")
        except CredentialsError as error:
            said.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(10)
    assert not asking.is_alive()
    assert len(said) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://api.linkedin.com",
        "https://api.example.com/v1/",
        "http://127.0.0.1:8000/x",
        "http://localhost:1",
        "http://[::1]:8000",
        "https://8.8.8.8",
    ],
)
def test_addresses_that_may_be_asked(url: str) -> None:
    assert check_base_url("ads", url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.linkedin.com",
        "http://api.linkedin.com",
        "ftp://api.linkedin.com",
        "file:///etc/passwd",
        "https://",
        "http://169.254.169.254/latest",
        "https://169.254.169.254",
        "https://10.0.0.1",
        "https://192.168.1.1",
        "https://172.16.0.1",
        "https://[fe80::1]",
        "https://[fd00::1]",
        "https://0.0.0.0",
        "http://0.0.0.0:80",
        "https://2852039166",
        "https://0xa9fea9fe",
        "https://0xA9.0xFE.0xA9.0xFE",
        "https://169.254.43518",
        "https://010.0.0.1",
        "https://user:pw@api.linkedin.com",
        "https://user@127.0.0.1",
        "https://api.linkedin.com/?x=1",
        "https://a#b",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "https://api.linkedin.com:99999",
        "https://[::ffff:10.0.0.1]",
        "http://evil.example#@127.0.0.1",
        "https://metadata.google.internal",
        "https://100.64.0.1",
        "gopher://127.0.0.1",
    ],
)
def test_addresses_that_may_not(url: str) -> None:
    with pytest.raises(ChannelError, match="base_url"):
        check_base_url("ads", url)
