"""Copies to a store that drops connections or falls silent in the middle: they end, say how far they are, and go on."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import threading
import time
from contextlib import suppress

import pytest

from okr_reports.deliveries.answering import Answering
from okr_reports.deliveries.sync import MANIFEST
from okr_reports.errors import DeliveryError
from tests.deliveries.test_object_stores import KEYS, objects, s3  # noqa: F401
from tests.support import OKR

PAGES = 40


class Proxy:
    """Passes requests on to a store until `puts` of them were PUTs; then it drops every connection, or says nothing."""

    def __init__(self, port: int) -> None:
        self.upstream, self.puts, self.silent = port, 1_000_000, False
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.held: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self.upstream))
        self.held += [client, server]
        threading.Thread(target=self._back, args=(server, client), daemon=True).start()
        with suppress(OSError):
            while data := client.recv(65_536):
                self.puts -= data.count(b"PUT /")
                if self.puts < 0:
                    if self.silent:  # open, and never an answer
                        return
                    break
                server.sendall(data)
        for one in (client, server):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                client.sendall(data)

    def close(self) -> None:
        self.listening.close()
        for one in self.held:
            one.close()


@pytest.fixture
def proxy(s3):  # noqa: F811
    _, options = s3
    proxy = Proxy(int(options["endpoint_url"].rpartition(":")[2]))
    yield proxy
    proxy.close()


@pytest.mark.parametrize("puts", [1, 5, 23, 44])
def test_a_cut_copy_goes_on_where_it_stopped(s3, proxy, site, publish, puts):  # noqa: F811
    client, options = s3
    prefix = f"cut{puts}/"
    url, through = f"s3://reports/{prefix}", {**options, "endpoint_url": proxy.url}
    release = site("one", pages=PAGES)
    total = len([path for path in release.rglob("*") if path.is_file()])
    proxy.puts = puts
    began = time.monotonic()
    with pytest.raises(DeliveryError):
        publish(url, release, options=through)
    assert time.monotonic() - began < 60
    there = len(objects(client, prefix))
    assert there <= puts
    assert "index.html" not in objects(client, prefix)
    proxy.puts = 1_000_000
    written = int(re.match(r"(\d+) files written", publish(url, release, options=through)).group(1))
    # of those under way as the connections went, the store has some that nobody was told of
    assert total - there <= written <= total - there + 8
    assert len(objects(client, prefix)) == total


def test_a_silent_store_is_given_up_and_the_error_says_how_far_it_is(s3, proxy, site, publish):  # noqa: F811
    _, options = s3
    proxy.puts, proxy.silent = 12, True
    began = time.monotonic()
    with pytest.raises(
        DeliveryError, match=r"\d+ of 50 files are there, it has not answered for 2 s .*goes on"
    ) as said:
        publish("s3://reports/silent/", site("one", pages=PAGES + 3), options={**options, "endpoint_url": proxy.url},
                silence_seconds=2)  # fmt: skip
    assert time.monotonic() - began < 20
    assert KEYS["secret"] not in str(said.value)


@pytest.mark.parametrize("has_refused", [False, True])
def test_a_store_that_refuses_is_not_called_silent(has_refused):
    def ask(_: None) -> None:
        if has_refused:
            raise OSError("Reduce your request rate.")
        time.sleep(5)

    said = r"refuse \(OSError: Reduce your request rate\.\)" if has_refused else "not answered"
    with pytest.raises(DeliveryError, match=rf"it has .*{said} for 0\.1 s"):
        list(Answering("web", 0.1).all(ask, [None]))


def test_the_command_ends_too(proxy, site, tmp_path):
    proxy.puts, proxy.silent = 12, True
    (tmp_path / "data" / "site").mkdir(parents=True)
    (tmp_path / "data" / "site" / "current").symlink_to(site("one", pages=PAGES))
    target = {
        "URL": "s3://reports/command/", "TIMEOUT_SECONDS": "2", "OPTIONS__ENDPOINT_URL": proxy.url,
        **{f"OPTIONS__{name.upper()}": value for name, value in KEYS.items()},
    }  # fmt: skip
    environment = {f"DELIVERIES__TARGETS__WEB__{name}": value for name, value in target.items()}
    done = subprocess.run(
        [OKR, "publish"], cwd=tmp_path, env={**os.environ, **environment, "OKR_DATA_DIR": str(tmp_path / "data")},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "web: " in done.stderr
    assert "it has not answered for 2 s" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bucket_that_keeps_versions_holds_none_that_can_be_read(s3, site, publish):  # noqa: F811
    client, options = s3
    client.create_bucket(Bucket="versioned")
    client.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket="versioned", Key="okr/theirs.txt", Body=b"somebody else's")
    client.put_object(Bucket="versioned", Key="okr/theirs.txt", Body=b"somebody else's, later")
    for version in ("one", "two"):
        publish("s3://versioned/okr", site(version), options=options)
    locked = site("locked")
    for path in locked.rglob("*"):
        if path.is_file():
            path.write_text(f'<meta name="okr-sealed" content="okr-sealed-2">{path.name}')
    assert "earlier versions that this passphrase does not lock" in publish(
        "s3://versioned/okr", locked, options=options
    )
    versions = client.list_object_versions(Bucket="versioned")["Versions"]
    assert len([one for one in versions if one["Key"] == "okr/theirs.txt"]) == 2
    for one in versions:
        if one["Key"] not in ("okr/theirs.txt", f"okr/{MANIFEST}"):
            body = client.get_object(Bucket="versioned", Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
            assert b"okr-sealed" in body, one["Key"]
    assert publish("s3://versioned/okr", locked, options=options).startswith("0 files written")
