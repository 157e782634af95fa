"""Channels of Singer taps and Airbyte connectors: real programs in environments of their own."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from okr_reports.channels.runners import environments, process, pythons, readable
from okr_reports.channels.runners.bring import check_connector
from okr_reports.channels.runners.gate import Allowed, Gate
from okr_reports.errors import ChannelError
from tests.channels.a_vendor import CHANNEL, TODAY, VendorBench
from tests.channels.a_wheel import make_wheel

ORIGINS = {"singer": "{singer: tap-vendor==1.0.0}", "airbyte": "{airbyte: airbyte-source-vendor==1.0.0}"}


@pytest.fixture
def bench(vendor_bench: VendorBench, monkeypatch: pytest.MonkeyPatch) -> VendorBench:
    """Both packages can be had from a folder; the vendor answers all rows in one page."""
    wheels = vendor_bench.folder / "wheels"
    make_wheel(wheels, "tap-vendor", "tap-vendor", "tap")
    make_wheel(wheels, "airbyte-source-vendor", "source-vendor", "source")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("SOURCES__OTHER__TOKEN", "the-secret-of-another")
    (vendor_bench.definitions_dir / "vendor.yml").unlink()
    vendor_bench.vendor.size = 1000
    return vendor_bench


def declare(bench: VendorBench, runner: str, hosts: str = "", **config: Any) -> None:
    given = {"url": bench.vendor.url, "start_date": "2026-09-24", **config}
    text = CHANNEL.replace("{rest: vendor.yml}", f"{ORIGINS[runner]}\n    hosts: {hosts}" if hosts else ORIGINS[runner])
    bench.write("channels.yml", text.replace('{start_date: "2026-09-24"}', json.dumps(given)))


def lock(bench: VendorBench) -> Path:
    [source] = bench.defined().file_sources
    assert environments.lock(source) == 1
    return environments.lock_path(source)


def seen_by_tap(bench: VendorBench) -> dict[str, Any]:
    """What it says in its STATE that it saw, in a load that succeeded."""
    assert {one.state for one in bench.load().values()} == {"loaded"}, bench.said
    return json.loads((bench.folder / "connectors" / "states" / "vendor.json").read_text())["seen"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("runner", ORIGINS)
def test_its_records_are_mapped_as_files_are(bench: VendorBench, runner: str) -> None:
    declare(bench, runner)
    [result] = bench.load().values()
    assert (result.state, "run `okr channel lock vendor`" in str(result.error)) == ("failed", True)
    text = lock(bench).read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
    results = bench.load()
    assert {one.state for one in results.values()} == {"loaded"}, results
    rows = bench.vendor.rows
    assert bench.sum("clicks") == sum(one["stats"]["clicks"] for one in rows)
    assert bench.sum("spend") == sum(Decimal(one["stats"]["spend"]) for one in rows)
    # the next load asks for the last days, whatever the connector's own state says
    bench.vendor.asked.clear()
    assert {one.state for one in bench.load().values()} == {"loaded"}
    assert {query["from"] for _, query, _ in bench.vendor.asked} == {"2026-11-13"}
    assert (bench.folder / "connectors" / "states" / "vendor.json").is_file()
    bench.vendor.rows = []
    bench.vendor.answers["/v1/days"] = lambda *_: (200, {"data": rows[:1]})
    assert bench.load()[""].state == "partial"
    [source] = bench.defined().file_sources
    [finding] = check_connector(source, TODAY, bench.folder / "connectors")
    assert (finding.severity, "may reach any host" in finding.what) == ("warning", True)
    # an answer was had through our proxy, and what would hold it is said
    assert any("add `hosts: [127.0.0.1]`" in sentence for sentence in bench.said)


@pytest.mark.parametrize("has_namespaces", [True, False])
def test_it_reaches_the_hosts_of_its_declaration_and_no_other(
    bench: VendorBench, monkeypatch: pytest.MonkeyPatch, has_namespaces: bool
) -> None:
    declare(bench, "singer", "[api.vendor.example]", how="wander")
    lock(bench)
    if not has_namespaces:
        # as in a container that allows none: the same call of the system, refused
        text = process._LAUNCHER.read_text().replace("= 0x10000000, 0x40000000", "= -1, 0")
        launcher = bench.folder / "walled.py"
        launcher.write_text(text)
        monkeypatch.setattr(process, "_LAUNCHER", launcher)
    seen = seen_by_tap(bench)
    said = "\n".join(bench.said)
    # by the proxy: its own host answers, another name of it and the cloud's metadata do not
    assert [seen[name] for name in ("its own", "another", "metadata")] == [
        "HTTP Error 404: Not Found",
        "HTTP Error 403: Forbidden",
        "HTTP Error 403: Forbidden",
    ]
    assert "it may not reach localhost, which is not among the hosts of its channel" in said
    assert "it may not reach 169.254.169.254" in said
    walls = {"namespace": (111, 101), "port": (13, 13), "none": ()}
    wall = "port" if "and Landlock" in said else "none" if "HTTPS_PROXY alone" in said else "namespace"
    assert ("no network namespace (" in said) == (wall != "namespace")
    assert (wall == "namespace") <= has_namespaces
    # past the proxy: refused by the kernel
    for name, number in zip(("raw another", "raw metadata"), walls[wall], strict=False):
        assert seen[name].startswith(f"[Errno {number}]")
    if wall == "namespace":
        assert "name resolution" in seen["a resolver"]
    if wall == "namespace" or "no Landlock" not in said:
        assert "Permission denied" in seen["our environment"]


def test_the_operators_own_proxy_is_gone_through(bench: VendorBench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def answer(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            asked.append(connection.recv(10_000))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    gate = Gate(Allowed(frozenset({"api.vendor.example"}), is_closed=True))
    with socket.create_server(("127.0.0.1", 0)) as proxy, socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, args=(proxy,), daemon=True).start()
        monkeypatch.setenv("http_proxy", f"http://me:my%20word@127.0.0.1:{proxy.getsockname()[1]}")
        ours = f"http://127.0.0.1:{listening.getsockname()[1]}"
        gate.serve(socket.socket(fileno=os.dup(listening.fileno())))
        found = requests.get("http://api.vendor.example/days?a=1", proxies={"http": ours}, timeout=30)
        refused = requests.get("http://other.example/", proxies={"http": ours}, timeout=30)
    gate.close()
    assert (found.text, refused.status_code, list(gate.refused)) == ("ok", 403, ["other.example"])
    head = asked[0].decode()
    assert head.startswith("GET http://api.vendor.example/days?a=1 HTTP/1.1\r\n")
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'me:my word').decode()}" in head


def test_which_hosts_may_be_asked() -> None:
    closed = Allowed(frozenset({"api.vendor.com", "*.vendor.net", "10.0.0.5"}), is_closed=True)
    asked = ("api.vendor.com", "a.b.vendor.net", "10.0.0.5", "vendor.net", "evil-vendor.net", "vendor.com", "127.0.0.1")
    assert [closed.permits(host) for host in asked] == [True, True, True, False, False, False, False]
    # a name leads to public addresses, and to those of the local network that are named themselves
    led = ("93.184.216.34", "10.0.0.5", "10.0.0.6", "127.0.0.1", "169.254.169.254", "::ffff:10.0.0.6")
    assert [closed.permits_address("api.vendor.com", address) for address in led] == [True, True] + [False] * 4
    open_one = Allowed(frozenset({"crm.corp"}), is_closed=False)
    asked = ("anything.com", "93.184.216.34", "10.0.0.6", "169.254.169.254", "0x7f.1", "2130706433", "[::1]"[1:-1])
    assert [open_one.permits(host) for host in asked] == [True, True] + [False] * 5
    led = ("10.0.0.6", "169.254.169.254")
    assert [open_one.permits_address("crm.corp", address) for address in led] == [True, False]
    assert [open_one.permits_address("anything.com", address) for address in led] == [False, False]


def test_a_tap_that_reads_properties_gets_its_selection_and_one_that_says_nothing_fails(bench: VendorBench) -> None:
    make_wheel(bench.folder / "wheels", "tap-vendor", "tap-vendor", "tap", selected_by="--properties")
    declare(bench, "singer")
    lock(bench)
    assert {one.state for one in bench.load().values()} == {"loaded"}
    assert bench.sum("clicks") == sum(one["stats"]["clicks"] for one in bench.vendor.rows)
    declare(bench, "singer", how="say nothing")
    [result] = [one for one in bench.load().values() if one.error]
    assert (result.state, "says nothing of the stream days" in str(result.error)) == ("failed", True)


def test_it_sees_its_own_secrets_alone(bench: VendorBench) -> None:
    declare(bench, "singer", how="look")
    lock(bench)
    seen = seen_by_tap(bench)
    assert seen["mode"] == "0o600"
    assert not Path(seen["config"]).exists()
    assert not [name for name in seen["environment"] if name.startswith(("SOURCES", "PIP", "DLT", "OKR"))]
    assert "secret" not in json.dumps(seen["environment"])


def test_it_opens_its_own_files_and_those_that_its_settings_name(
    bench: VendorBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    me, settings = bench.folder / "me", bench.folder / ".dlt"
    me.mkdir()
    settings.mkdir()
    monkeypatch.setenv("HOME", str(me))
    monkeypatch.setenv("DLT_PROJECT_DIR", str(bench.folder))
    key, secrets = me / "key.json", settings / "secrets.toml"
    for path, text in ((key, "its key"), (me / "id_rsa", "mine"), (secrets, ""), (bench.folder / "warehouse", "all")):
        path.write_text(text)
    others = [f"?{path}" for path in (me / "id_rsa", secrets, bench.folder / "warehouse", Path(__file__))]
    declare(bench, "singer", how="open files", key=str(key), tries=others)
    lock(bench)
    seen = seen_by_tap(bench)
    if any("no Landlock" in sentence for sentence in bench.said):
        pytest.skip("this kernel holds no files")
    [environment] = (bench.folder / "connectors" / "vendor").glob("*/pyvenv.cfg")
    assert seen == {
        **{f"{mode}{name}": 13 for mode in "ra" for name in others},
        **{f"r?{key}": "its key", f"a?{key}": 13, "r?own": 2, "a?own": "", "r?/dev/null": "", "a?/dev/null": ""},
        **{f"r?{environment}": environment.read_text(), f"a?{environment}": 13},
    }
    # a file that it may not open is named, with what to do
    declare(bench, "singer", how="open one", tries=others)
    bench.load()
    todo = f"it may not open {me / 'id_rsa'}; if it is to read it, name it by its absolute path in `config`"
    assert todo in bench.said[-1].replace("'", "")
    # where the kernel has no Landlock, that is said
    launcher = bench.folder / "walled.py"
    launcher.write_text(process._LAUNCHER.read_text().replace("= 444, ", "= 9999, "))
    monkeypatch.setattr(process, "_LAUNCHER", launcher)
    bench.said.clear()
    bench.load()
    assert sum("kernel has no Landlock" in sentence for sentence in bench.said) == 1


def test_a_python_whose_libraries_lie_outside_its_prefix_starts(
    bench: VendorBench, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, far = (tmp_path_factory.mktemp(name) for name in ("odd", "far"))
    library = Path(sysconfig.get_path("stdlib"))
    left_out = shutil.ignore_patterns("site-packages", "test", "tests", "__pycache__", "config-*", "idlelib", "tkinter")
    shutil.copytree(library, far / "library", ignore=left_out)
    (odd / "bin").mkdir()
    (odd / "lib").mkdir()
    shutil.copy2(Path(sys.executable).resolve(), odd / "bin" / "python3")
    (odd / "lib" / library.name).symlink_to(far / "library")
    subprocess.run([odd / "bin" / "python3", "-m", "venv", "--without-pip", odd / "venv"], check=True)
    [packages] = (odd / "venv" / "lib").glob("*/site-packages")
    (packages / "pip").symlink_to(Path(str(importlib.util.find_spec("pip").origin)).parent)  # type: ignore[union-attr]
    monkeypatch.setattr(sys, "executable", str(odd / "venv" / "bin" / "python"))
    declare(bench, "singer")
    lock(bench)
    assert {one.state for one in bench.load().values()} == {"loaded"}, bench.said
    [python] = (bench.folder / "connectors" / "vendor").glob("*/bin/python")
    assert {odd, far / "library"} <= {path.resolve() for path in pythons.python_files(python)}


def test_a_workspace_within_a_folder_of_the_system_is_not_read(tmp_path: Path) -> None:
    opt = tmp_path / "opt"
    for name in ("vendor/lib", "acme/okr/.dlt", "acme/other"):
        (opt / name).mkdir(parents=True)
    found = {*readable._around(opt, [opt / "acme" / "okr"])}
    assert found == {opt / "vendor"}


@pytest.mark.parametrize("runner", ORIGINS)
def test_what_fails_is_its_own_failure_and_shows_no_secret(bench: VendorBench, runner: str) -> None:
    declare(bench, runner, how="fail")
    lock(bench)
    [result] = bench.load().values()
    assert result.state == "failed"
    said = "\n".join([str(result.error), *bench.said])
    assert "********" in said
    assert bench.vendor.token not in said


def test_time_and_memory_have_an_end(bench: VendorBench, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(bench, "singer", how="memory")
    lock(bench)
    bench.tell(budget_mb="512")
    assert "ended with code" in str(bench.load()[""].error)
    declare(bench, "singer", how="hang")
    monkeypatch.setattr("okr_reports.channels.budget.Budget.left", lambda _: 2.0)
    assert "has used its" in str(bench.load()[""].error)


def test_what_was_not_locked_is_not_installed(bench: VendorBench) -> None:
    declare(bench, "singer")
    path = lock(bench)
    text = path.read_text()
    path.write_text(text[: text.index("sha256:") + 7] + "0" * 64 + "\n")
    assert "cannot be made" in str(bench.load()[""].error)
    path.write_text(text.replace("1.0.0", "2.0.0"))
    assert "locks another version than tap-vendor==1.0.0" in str(bench.load()[""].error)


def test_no_function_of_a_package_is_called_but_a_source_of_dlt(bench: VendorBench) -> None:
    bench.write("channels.yml", CHANNEL.replace("{rest: vendor.yml}", '{dlt: "os:system"}'))
    bench.load()
    assert "os:system is no source or resource of dlt" in bench.said[-1]
    with pytest.raises(ChannelError, match="nothing to lock"):
        environments.lock(bench.defined().file_sources[0])


def test_a_source_of_dlt_that_is_installed(bench: VendorBench) -> None:
    client = {
        "base_url": f"{bench.vendor.url}/v1",
        "auth": {"type": "bearer", "token": bench.vendor.token},
        "paginator": "single_page",
    }
    endpoint = {"path": "days", "data_selector": "data", "params": {"from": "{start_date}", "to": "{end_date}"}}
    given = {"client": client, "resources": [{"name": "days", "endpoint": endpoint}]}
    text = CHANNEL.replace("{rest: vendor.yml}", '{dlt: "dlt.sources.rest_api:rest_api"}')
    bench.write("channels.yml", text.replace('{start_date: "2026-09-24"}', json.dumps(given)))
    bench.tell(start_date="2026-09-24")
    results = bench.load()
    assert {one.state for one in results.values()} == {"loaded"}, bench.said[-1]
    assert bench.sum("clicks") == sum(one["stats"]["clicks"] for one in bench.vendor.rows)
    bench.vendor.asked.clear()
    bench.load()
    assert [query for _, query, _ in bench.vendor.asked] == [{"from": "2026-11-13", "to": "2026-11-22"}]
