"""What is kept between builds may be damaged in any way: it is left aside, said, and made anew."""

from __future__ import annotations

import logging
import random
import shutil

import pytest

from okr_reports.report_site.build import build_site
from okr_reports.report_site.output.page_cache import TEMPLATES, keep_templates, kept_templates, was_checked

HEAD = "---\ntitle: Home\n---\n"
PAGES = {
    "pages/index.md": HEAD + "```sql q\nselect count(*) as n from key_results\n```\n# {{ q[0].n }}",
    "pages/two.md": HEAD + '{% table data="source_health" /%}',
}


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Cut off, changed, made longer, or something else altogether."""
    at, noise = chance.randrange(len(content)), chance.randbytes(chance.randrange(1, 40))
    kinds = (
        content[:at], content[at:], content[:at] + noise + content[at + len(noise) :], noise + content, content + noise,
        noise, b"", b"\xff" * 50, b"[" * 5000, b"null\n", b"{}", content.replace(b":", b"", 1),
        bytes([content[0] ^ 1]) + content[1:],
    )  # fmt: skip
    return chance.choice(kinds)


@pytest.mark.parametrize("seed", range(12))
def test_damaged_files_are_made_anew_and_said(seed, reports, snapshot, tmp_path, caplog):
    chance, cache, site = random.Random(seed), tmp_path / "cache", tmp_path / "site"
    root = reports(PAGES)
    build_site(snapshot, root, site, cache_dir=cache)
    whole = {path.relative_to(site): path.read_bytes() for path in sorted(site.rglob("*")) if path.is_file()}
    kept = {path: path.read_bytes() for path in sorted(cache.iterdir())}
    assert len(kept) == 5
    for path, content in kept.items():
        while (worse := damaged(content, chance)) == content:
            pass
        path.write_bytes(worse)
    with caplog.at_level(logging.WARNING, "okr"):
        was_checked(cache, root)
        build_site(snapshot, root, site, cache_dir=cache)
    assert "is damaged" in caplog.text
    assert {path.relative_to(site): path.read_bytes() for path in sorted(site.rglob("*")) if path.is_file()} == whole
    again = {path: path.read_bytes() for path in sorted(cache.iterdir())}
    assert again.keys() == kept.keys()
    # code that Python writes is equal, not always the same bytes
    assert {path for path in kept if again[path] != kept[path]} <= {cache / TEMPLATES}
    assert kept_templates(cache) is not None


def test_a_folder_or_link_in_the_place_of_a_file_does_no_harm(reports, snapshot, tmp_path):
    cache, site, root = tmp_path / "cache", tmp_path / "site", reports(PAGES)
    build_site(snapshot, root, site, cache_dir=cache)
    for path in sorted(cache.iterdir()):
        path.unlink()
        path.symlink_to(tmp_path / "nowhere")
    build_site(snapshot, root, site, cache_dir=cache)
    shutil.rmtree(cache)
    cache.write_text("a file")
    build_site(snapshot, root, site, cache_dir=cache)
    assert len(list(cache.iterdir())) == 5


def test_templates_that_others_may_write_are_not_run(tmp_path):
    keep_templates(tmp_path, "of these files", b"code")
    assert kept_templates(tmp_path) == b"code"
    for mode in (0o620, 0o602):
        (tmp_path / TEMPLATES).chmod(mode)
        assert kept_templates(tmp_path) is None
