"""mkdocs hook: `<!-- reference: NAME -->` becomes what docs/reference.py makes, `<!-- file: NAME -->` that file."""

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import reference

MARK = re.compile(r"^<!-- reference: (\w+) -->$", re.MULTILINE)
FILE = re.compile(r"^<!-- file: ([\w.-]+) -->$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill the marks of one page. A mark without a maker is an error of the build."""
    markdown = FILE.sub(lambda mark: reference.shown_file(mark.group(1)), markdown)
    return MARK.sub(lambda mark: reference.MAKERS[mark.group(1)](), markdown)
