"""Packages of connectors that a test makes itself, on an index of its own: a folder."""

from __future__ import annotations

import textwrap
import zipfile
from pathlib import Path

# A tap and an Airbyte source in one: both read from the same vendor, say what they were given, and fail when asked to.
PROGRAM = """
import json, os, sys, time, urllib.request

def argument(name):
    return sys.argv[sys.argv.index(name) + 1]

HOW_SELECTED = "--catalog"
config = {}
if "--config" in sys.argv:
    config_path = argument("--config")
    config = json.load(open(config_path))

def say(**message):
    print(json.dumps(message), flush=True)

def rows():
    print("words for people", flush=True)
    request = urllib.request.Request(f"{config['url']}/v1/days?from={config['start_date']}&page=1")
    request.add_header("Authorization", f"Bearer {config['token']}")
    return json.load(urllib.request.urlopen(request))["data"]

def wander():
    import socket
    from pathlib import Path

    seen = {}

    def tried(name, go):
        try:
            seen[name] = go()
        except OSError as error:
            seen[name] = str(error)

    def raw(host, port):
        with socket.create_connection((host, port), timeout=2):
            return "reached"

    port = int(config["url"].rpartition(":")[2])
    another, metadata = f"http://localhost:{port}/", "http://169.254.169.254/latest/meta-data/"
    tried("its own", lambda: urllib.request.urlopen(config["url"] + "/v1/none").read())
    tried("another", lambda: urllib.request.urlopen(another).read().decode())
    tried("metadata", lambda: urllib.request.urlopen(metadata).read().decode())
    tried("raw another", lambda: raw("127.0.0.1", port))
    tried("raw metadata", lambda: raw("169.254.169.254", 80))
    tried("a resolver", lambda: socket.getaddrinfo("api.vendor.example", 443))
    tried("our environment", lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes().decode())
    return seen

def open_files():
    # "?" before a path: what names it by itself may be read
    seen = {}
    for mode in ("r", "a"):
        for name in [*config["tries"], "?" + config["key"], "?own", "?/dev/null", f"?{sys.prefix}/pyvenv.cfg"]:
            try:
                with open(name[1:], mode) as file:
                    seen[mode + name] = file.read() if mode == "r" else ""
            except OSError as error:
                seen[mode + name] = error.errno
        open("own", "w").close()
    return seen

def misbehave():
    how = config.get("how", "")
    if how == "wander":
        return wander()
    if how == "open files":
        return open_files()
    if how == "open one":
        open(config["tries"][0][1:])
    if how == "fail":
        print(f"it was {config['token']}", file=sys.stderr)
        sys.exit(3)
    if how == "hang":
        time.sleep(600)
    if how == "memory":
        held = [bytearray(1 << 26) for _ in range(100)]
    if how == "say nothing":
        sys.exit(0)
    if how == "look":
        mode = oct(os.stat(config_path).st_mode & 0o777)
        return {"environment": dict(os.environ), "config": config_path, "mode": mode}

def tap():
    if "--help" in sys.argv:
        print("usage: tap [--properties FILE]" if HOW_SELECTED == "--properties" else "usage: tap [--catalog FILE]")
        return
    streams = [{"stream": name, "tap_stream_id": name, "schema": {}, "metadata": []} for name in ("days", "others")]
    if "--discover" in sys.argv:
        print(json.dumps({"streams": streams}, indent=2))
        return
    seen = misbehave()
    chosen = [one["stream"] for one in json.load(open(argument(HOW_SELECTED)))["streams"] if one["selected"]]
    assert chosen == ["days"], chosen
    say(type="SCHEMA", stream="days", schema={}, key_properties=["day", "nr"])
    for row in rows():
        say(type="RECORD", stream="days", record={**row, "nr": row["account"]["id"]})
        say(type="RECORD", stream="others", record={"x": 1})
    last = {**rows()[-1]}
    say(type="RECORD", stream="days", record={**last, "nr": last["account"]["id"]})
    say(type="STATE", value={"bookmark": last["day"], "seen": seen})

def source():
    verb = sys.argv[1]
    if verb == "check":
        ok = config.get("how") != "fail"
        say(type="CONNECTION_STATUS", connectionStatus={"status": "SUCCEEDED" if ok else "FAILED", "message": "no"})
        return
    stream = {"name": "days", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    if verb == "discover":
        say(type="CATALOG", catalog={"streams": [stream]})
        return
    if config.get("how") == "fail":
        say(type="TRACE", trace={"type": "ERROR", "error": {"message": f"refused {config['token']}"}})
        return
    misbehave()
    for row in rows():
        say(type="RECORD", record={"stream": "days", "data": row, "emitted_at": 1})
    say(type="STATE", state={"type": "STREAM"})
"""


def make_wheel(
    folder: Path, name: str, script: str, function: str, version: str = "1.0.0", selected_by: str = "--catalog"
) -> Path:
    """A wheel of one module with one program; a tap reads its selection from the option `selected_by`."""
    folder.mkdir(parents=True, exist_ok=True)
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    path = folder / f"{module}-{version}-py3-none-any.whl"
    files = {
        f"{module}.py": PROGRAM.replace('HOW_SELECTED = "--catalog"', f'HOW_SELECTED = "{selected_by}"'),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{script} = {module}:{function}\n",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for place, text in files.items():
            wheel.writestr(place, textwrap.dedent(text))
        wheel.writestr(f"{info}/RECORD", "".join(f"{place},,\n" for place in [*files, f"{info}/RECORD"]))
    return path
