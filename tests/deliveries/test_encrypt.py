"""A locked site in a real browser, opened from disk and over HTTP; and every byte of it searched."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect, sync_playwright

from okr_reports.deliveries import encrypt
from okr_reports.deliveries.commands import publish_targets
from okr_reports.deliveries.configuration import TargetSettings
from okr_reports.deliveries.encrypt import encrypt_for_target, encrypt_site
from okr_reports.errors import DeliveryError
from okr_reports.settings import Workspace

PASSPHRASE = "cinco palabras al azár"
SECRETS = ("Más clientes potenciales", "Onboarding in two days", "276", "Eva Ortiz", "secret-style", "secretSearch")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run"]  # fmt: skip
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def page(root: str, title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="es"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{title} · Eva Ortiz</title>
<link rel="icon" href="{root}assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{root}assets/site.css"><script src="{root}assets/site.js" defer></script>
</head><body data-root="{root}"><h1>{title}</h1>{body}<img src="{root}assets/pixel.png" alt="">
<a href="{root}data/key_results.csv" download>CSV</a> <a href="{root}data/all.xlsx">XLSX</a>
<script>document.title = "never runs: the policy forbids it";</script></body></html>"""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """What a built site is made of: two pages, style, deferred script, search index, image, downloads."""
    folder = tmp_path_factory.mktemp("site")
    rows = json.dumps([{"title": SECRETS[0], "target": 276, "note": "</script><!-- & é"}])
    files: dict[str, bytes] = {
        "index.html": page("", SECRETS[0], '<a href="objectives/onboarding/index.html#kr">objective</a>').encode(),
        "objectives/onboarding/index.html": page(
            "../../", SECRETS[1], '<p style="height: 3000px">276</p><p id="kr">here</p><a href="../../">home</a>'
        ).encode(),
        "assets/site.css": b"/* secret-style */ h1 { color: rgb(1, 2, 3); background: url(pixel.png) }",
        "assets/site.js": b'document.body.dataset.ready = document.querySelector("h1").textContent + "</script>";',
        "assets/search.js": f"window.secretSearch = {rows};".encode(),
        "assets/icon.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "assets/pixel.png": PIXEL,
        "data/key_results.csv": f"title,target\n{SECRETS[0]},276\n".encode(),
        "data/key_results.json": rows.encode(),
        "data/all.xlsx": b"PK\x03\x04 Eva Ortiz",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def locked(site, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("locked") / "site"
    assert encrypt_site(site, folder, PASSPHRASE) == 5
    return folder


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def served(locked):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(locked)))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def tab(browser):
    context = browser.new_context()
    tab = context.new_page()
    tab.set_default_timeout(15_000)
    yield tab
    context.close()


def unlock(tab, passphrase=PASSPHRASE):
    tab.get_by_label("Frase de paso").fill(passphrase)
    tab.get_by_role("button", name="Abrir").click()


@pytest.mark.parametrize("way", ["disk", "http"])
def test_the_passphrase_opens_the_site_once_a_tab(tab, browser, locked, served, way):
    root = locked.as_uri() if way == "disk" else served
    requests: list[str] = []
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(f"{root}/index.html")
    assert tab.title() == "Informe protegido"
    unlock(tab)
    expect(tab.locator("h1")).to_have_text(SECRETS[0])
    assert tab.title() == f"{SECRETS[0]} · Eva Ortiz"
    tab.locator("text=objective").click()
    expect(tab.locator("h1")).to_have_text(SECRETS[1])
    assert tab.get_by_label("Frase de paso").count() == 0
    expect(tab.locator("#kr")).to_be_in_viewport()
    tab.reload()
    expect(tab.locator("h1")).to_have_text(SECRETS[1])
    assert all(url.startswith((root, "data:", "blob:")) for url in requests)
    kept = tab.evaluate("[Object.keys(localStorage), document.cookie, Object.keys(sessionStorage).length]")
    # the number of the release, no secret, outlives the tab
    assert [name.partition("-seen-")[0] for name in kept[0]] == ["okr"]
    assert kept[1:] == ["", 1]
    other = browser.new_context().new_page()
    other.goto(f"{root}/objectives/onboarding/index.html")
    assert other.get_by_label("Frase de paso").is_visible()
    other.context.close()


def test_style_script_images_and_search_are_inside_under_the_pages_own_policy(tab, locked):
    messages: list[str] = []
    tab.on("console", lambda message: messages.append(message.text))
    tab.goto((locked / "index.html").as_uri())
    unlock(tab)
    expect(tab.locator("h1")).to_have_text(SECRETS[0])
    assert tab.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(1, 2, 3)"
    assert tab.evaluate("document.body.dataset.ready") == SECRETS[0] + "</script>"
    assert tab.evaluate("document.querySelector('img').naturalWidth") == 1
    assert tab.evaluate("window.secretSearch[0].note") == "</script><!-- & é"
    assert tab.title() == f"{SECRETS[0]} · Eva Ortiz"
    # the page's own inline script was forbidden before and stays so
    assert [text for text in messages if "Content Security Policy" not in text] == []
    assert len(messages) == 1


def test_files_are_saved_as_they_were(tab, locked, site):
    tab.goto((locked / "index.html").as_uri())
    unlock(tab)
    with tab.expect_download() as first:
        tab.get_by_text("CSV").click()
    assert first.value.suggested_filename == "key_results.csv"
    assert Path(first.value.path()).read_bytes() == (site / "data/key_results.csv").read_bytes()
    tab.go_back()
    with tab.expect_download() as second:
        tab.get_by_text("XLSX").click()
    assert Path(second.value.path()).read_bytes() == (site / "data/all.xlsx").read_bytes()


@pytest.mark.parametrize("guess", ["cinco palabras al azar", "Cinco palabras al azár", "x"])
def test_a_wrong_passphrase_opens_nothing_and_may_be_tried_again(tab, locked, guess):
    tab.goto((locked / "index.html").as_uri())
    unlock(tab, guess)
    expect(tab.get_by_role("alert")).to_have_text("La frase de paso no es la correcta, o alguien alteró esta página.")
    assert tab.evaluate("Object.keys(sessionStorage).length") == 0
    assert SECRETS[0] not in tab.content()
    unlock(tab, f"  {PASSPHRASE} ")
    expect(tab.locator("h1")).to_have_text(SECRETS[0])


def test_a_key_of_another_release_is_forgotten(tab, locked):
    tab.goto((locked / "index.html").as_uri())
    salt = tab.locator("#sealed").get_attribute("data-salt")
    tab.evaluate(f"sessionStorage.setItem('okr-key-{salt}', btoa('x'.repeat(32)))")
    tab.reload()
    unlock(tab)
    expect(tab.locator("h1")).to_have_text(SECRETS[0])


def test_without_javascript_the_page_says_what_it_needs(browser, locked):
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto((locked / "index.html").as_uri())
    assert "necesita JavaScript" in plain.locator("noscript").inner_text()
    context.close()


def test_nothing_readable_is_left(locked, site):
    names = sorted(path.relative_to(locked).as_posix() for path in locked.rglob("*") if path.is_file())
    assert names == [
        "data/all.xlsx.html", "data/key_results.csv.html", "data/key_results.json.html", "index.html",
        "objectives/onboarding/index.html",
    ]  # fmt: skip
    everything = b"\0".join(path.read_bytes() for path in locked.rglob("*") if path.is_file())
    for secret in (*SECRETS, PASSPHRASE):
        for form in (secret.encode(), secret.encode("utf-16-le"), quote(secret).encode(), json.dumps(secret).encode()):
            hits = everything.count(form.strip(b'"'))
            assert hits == 0 or (secret == "276" and hits < 20), secret  # three digits also occur by chance
        assert base64.b64encode(secret.encode())[:-4] not in everything or len(secret) < 9
    # beside the template's own words a page holds nothing but ciphertext, which no packer makes smaller
    for name in names:
        text = (locked / name).read_text(encoding="utf-8")
        sealed = re.search(r'id="sealed"[^>]*>([A-Za-z0-9+/=]+)</script>', text).group(1)
        rest = text.replace(sealed, "")
        assert len(rest) < 10_000
        assert len(set(base64.b64decode(sealed))) > 200 or len(sealed) < 600


def test_each_release_has_its_own_salt_unless_one_is_given(site, tmp_path):
    def bytes_of(folder):
        return {path.name: path.read_bytes() for path in folder.rglob("*.html")}

    for name, salt in (("a", None), ("b", None), ("c", b"s" * 16), ("d", b"s" * 16)):
        encrypt_site(site, tmp_path / name, PASSPHRASE, salt=salt, number=7)
    assert bytes_of(tmp_path / "c") == bytes_of(tmp_path / "d")
    assert bytes_of(tmp_path / "a") != bytes_of(tmp_path / "b")
    nonces = [base64.b64decode(text)[:12] for folder in "abc" for path in (tmp_path / folder).rglob("*.html")
              for text in re.findall(rb'id="sealed"[^>]*>([A-Za-z0-9+/=]{16})', path.read_bytes())]  # fmt: skip
    assert len(nonces) == len(set(nonces)) == 15


def test_the_key_is_slow_to_derive():
    assert encrypt.ITERATIONS >= 1_000_000
    assert encrypt._Seal.of("é" * 12, b"s" * 16) == encrypt._Seal.of("e\u0301" * 12, b"s" * 16)
    assert encrypt._Seal.of("e" * 12, b"s" * 16).key == hashlib.pbkdf2_hmac(
        "sha256", b"e" * 12, b"s" * 16, encrypt.ITERATIONS
    )


@pytest.mark.parametrize(
    ("passphrase", "why"),
    [
        ("short", "less than 12 characters"),
        ("password1234", "zxcvbn gives it 1 of 4"),
        ("aaaaaaaaaaaaaaaa", "zxcvbn gives it 0 of 4"),
        ("qwertyuiop123456", "zxcvbn gives it"),
        ("Tr0ub4dour&3", "zxcvbn gives it 2 of 4"),
        ("passwordpasswordpassword", "zxcvbn gives it"),
    ],
)
def test_a_passphrase_that_can_be_guessed_is_refused(site, tmp_path, passphrase, why):
    with pytest.raises(DeliveryError, match=why) as refused:
        encrypt_site(site, tmp_path / "x", passphrase)
    assert passphrase not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_long_passphrase_is_judged_and_taken(site, tmp_path):
    assert encrypt_site(site, tmp_path / "x", f"{PASSPHRASE} " * 9) == 5


class Swapped:
    """A host's folder of a locked site, to be altered; served like a web host or opened from disk."""

    def __init__(self, folder: Path, root: str) -> None:
        self.folder, self.root = folder, root

    def put(self, name: str, content: bytes) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)


@pytest.fixture(params=["disk", "http"])
def host(request, site, tmp_path):
    """A site with two pages of the same depth, locked as of release 2; `older` is its front page of release 1."""
    shutil.copytree(site, tmp_path / "site")
    (tmp_path / "site/objectives/other").mkdir()
    (tmp_path / "site/objectives/other/index.html").write_text(page("../../", "Another objective", ""))
    for number in (1, 2):
        encrypt_site(tmp_path / "site", tmp_path / str(number), PASSPHRASE, salt=b"s" * 16, number=number)
    folder = tmp_path / "2"
    if request.param == "disk":
        yield Swapped(folder, folder.as_uri())
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield Swapped(folder, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


ONE, OTHER = "objectives/onboarding/index.html", "objectives/other/index.html"


def refused(tab, url: str, why: str, *, typed: bool) -> None:
    """The page shows why it does not open, and nothing of what it holds."""
    tab.goto(url)
    if typed:
        unlock(tab)
    expect(tab.get_by_role("alert")).to_contain_text(why)
    assert tab.locator("h1").all_inner_texts() == ["Informe protegido"]


@pytest.mark.parametrize("known", [True, False])
def test_two_pages_that_were_swapped_do_not_open(tab, host, known):
    one, other = ((host.folder / name).read_bytes() for name in (ONE, OTHER))
    if known:
        tab.goto(f"{host.root}/index.html")
        unlock(tab)
        expect(tab.locator("h1")).to_have_text(SECRETS[0])
    host.put(ONE, other)
    host.put(OTHER, one)
    for name in (ONE, OTHER):
        refused(tab, f"{host.root}/{name}", "no está en su dirección", typed=False)
    # whoever swaps them may also change what a page says its address is
    host.put(ONE, other.replace(b"objectives/other/", b"objectives/onboarding/"))
    refused(tab, f"{host.root}/{ONE}?anew", "alguien alteró esta página", typed=not known)


def test_the_front_page_in_another_place_does_not_open_for_who_was_here(tab, host):
    tab.goto(f"{host.root}/index.html")
    unlock(tab)
    expect(tab.locator("h1")).to_have_text(SECRETS[0])
    host.put(ONE, (host.folder / "index.html").read_bytes())
    refused(tab, f"{host.root}/{ONE}", "no está en su dirección", typed=False)


def test_a_page_of_an_older_release_does_not_open_for_who_saw_a_newer_one(tab, host, tmp_path):
    tab.goto(f"{host.root}/index.html")
    unlock(tab)
    expect(tab.locator("h1")).to_have_text(SECRETS[0])
    older = (tmp_path / "1" / ONE).read_bytes()
    host.put(ONE, older)
    refused(tab, f"{host.root}/{ONE}?old", "un informe anterior", typed=False)
    later = tab.context.new_page()  # a tab that must ask for the passphrase again
    refused(later, f"{host.root}/{ONE}", "un informe anterior", typed=True)
    host.put(ONE, older.replace(b'data-release="1"', b'data-release="2"'))
    refused(tab, f"{host.root}/{ONE}?anew", "alguien alteró esta página", typed=False)


def test_the_whole_site_of_a_later_release_opens(tab, host, tmp_path):
    tab.goto(f"{host.root}/index.html")
    unlock(tab)
    expect(tab.locator("h1")).to_have_text(SECRETS[0])
    encrypt_site(tmp_path / "site", tmp_path / "3", PASSPHRASE, salt=b"s" * 16, number=3)
    for path in (tmp_path / "3").rglob("*.html"):
        host.put(path.relative_to(tmp_path / "3").as_posix(), path.read_bytes())
    for name in (ONE, "index.html", OTHER):
        tab.goto(f"{host.root}/{name}")
        expect(tab.locator("h1")).not_to_have_text("Informe protegido", timeout=30_000)


def test_another_passphrase_gives_another_salt_and_asks_again(site, tmp_path):
    def salts(passphrase):
        target = TargetSettings(name="web", url="/x", passphrase=passphrase)
        page = (encrypt_for_target(target, site, tmp_path) / "index.html").read_text()
        return re.search(r'data-salt="(\w+)"', page).group(1), re.search(r'data-release="(\d+)"', page).group(1)

    first = salts(PASSPHRASE)
    assert salts(PASSPHRASE) == first
    assert salts("otras cinco palabras raras")[0] != first[0]


def test_a_target_with_a_passphrase_gets_the_locked_site_and_only_what_changed(site, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    workspace = Workspace(Path("d"), Path("r"), Path("data"))
    workspace.site_dir.mkdir(parents=True)
    (workspace.site_dir / "current").symlink_to(site)
    (tmp_path / "www").mkdir()
    monkeypatch.setenv("DELIVERIES__TARGETS__WEB__URL", str(tmp_path / "www"))
    monkeypatch.setenv("DELIVERIES__TARGETS__WEB__PASSPHRASE", PASSPHRASE)
    assert [str(one) for one in publish_targets(workspace)] == ["web: 5 files written, 0 deleted, 0 unchanged"]
    assert [str(one) for one in publish_targets(workspace)] == ["web: 0 files written, 0 deleted, 5 unchanged"]
    assert SECRETS[0].encode() not in (tmp_path / "www" / "index.html").read_bytes()
    stored = b"".join(path.read_bytes() for path in workspace.data_dir.rglob("*") if path.is_file())
    assert PASSPHRASE.encode() not in stored
