"""Copies of a site in an S3 server that is a process of its own, and in any store of fsspec."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest

from okr_reports.deliveries.site_files import IMMUTABLE, site_files
from okr_reports.deliveries.sync import MANIFEST
from okr_reports.errors import DeliveryError
from tests.deliveries.a_site import content
from tests.support import free_port

ROOT = Path(__file__).parents[2]
KEYS = {"key": "canary-access-key", "secret": "canary/secret+key"}


@pytest.fixture(scope="module")
def s3():
    port = free_port()
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1",
        aws_access_key_id=KEYS["key"], aws_secret_access_key=KEYS["secret"],
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    client.create_bucket(Bucket="reports")
    yield client, {"endpoint_url": url, **KEYS}
    process.terminate()
    process.wait(10)


def objects(client, prefix: str) -> dict[str, str]:
    listed = client.list_objects_v2(Bucket="reports", Prefix=prefix).get("Contents", [])
    return {
        one["Key"].removeprefix(prefix): client.get_object(Bucket="reports", Key=one["Key"])["Body"].read().decode()
        for one in listed
        if not one["Key"].endswith(MANIFEST)
    }


def test_a_bucket_holds_the_site_and_nothing_stale(s3, site, publish):
    client, options = s3
    client.put_object(Bucket="reports", Key="okr/robots.txt", Body=b"somebody else's")
    client.put_object(Bucket="reports", Key="okr2/index.html", Body=b"another site")
    assert publish("s3://reports/okr", site("one"), options=options) == "10 files written, 0 deleted, 0 unchanged"
    assert publish("s3://reports/okr/", site("one"), options=options) == "0 files written, 0 deleted, 10 unchanged"
    assert publish("s3://reports/okr", site("two"), options=options) == "8 files written, 2 deleted, 2 unchanged"
    assert objects(client, "okr/") == {**content(site("two")), "robots.txt": "somebody else's"}
    assert objects(client, "okr2/") == {"index.html": "another site"}


def test_objects_have_their_types_and_cache_headers(s3, site, publish):
    client, options = s3
    publish("s3://reports/headers", site("one"), options=options)
    heads = {
        one.name: client.head_object(Bucket="reports", Key=f"headers/{one.name}") for one in site_files(site("one"))
    }
    style = next(name for name in heads if name.endswith(".css"))
    assert {name: head["CacheControl"] for name, head in heads.items() if name != style} == dict.fromkeys(
        [name for name in heads if name != style], "no-cache"
    )
    assert heads[style]["CacheControl"] == IMMUTABLE
    assert heads["index.html"]["ContentType"] == "text/html; charset=utf-8"
    assert heads[style]["ContentType"] == "text/css; charset=utf-8"
    assert heads["data/key_results.csv"]["ContentType"] == "text/csv; charset=utf-8"
    assert heads["data/objectives.xlsx"]["ContentType"].startswith("application/vnd.openxmlformats")


def test_an_object_that_vanished_is_put_back(s3, site, publish):
    client, options = s3
    publish("s3://reports/fix", site("one"), options=options)
    client.delete_object(Bucket="reports", Key="fix/same.html")
    assert publish("s3://reports/fix", site("one"), options=options) == "1 files written, 0 deleted, 9 unchanged"
    assert objects(client, "fix/") == content(site("one"))


def test_a_failure_says_where_and_shows_no_key(s3, site, publish):
    _, options = s3
    with pytest.raises(DeliveryError) as failure:
        publish("s3://no-such-bucket/okr", site("one"), options=options)
    assert "check the target's url" in str(failure.value)
    gone = {"endpoint_url": "http://127.0.0.1:1", "config_kwargs": {"retries": {"max_attempts": 0}}}
    with pytest.raises(DeliveryError) as refused:
        publish("s3://reports/okr", site("one"), options={**options, **gone})
    assert "127.0.0.1:1" in str(refused.value)
    assert not [key for key in KEYS.values() if key in str(failure.value) + str(refused.value)]


def test_any_store_of_fsspec_takes_it(site, publish):
    said = publish("memory://reports/okr", site("one"))
    assert said == "10 files written, 0 deleted, 0 unchanged; memory keeps its own content types and cache headers"
    with pytest.raises(DeliveryError, match="Protocol not known"):
        publish("nothing://reports/okr", site("one"))
