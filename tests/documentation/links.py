"""Links of what is read in the repository itself: files are there, and so are anchors.

Those between the pages of the site are checked by its build, too.
"""

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from tests.harness.commands import REPOSITORY

FENCE = re.compile(r"^ *(```+|~~~+).*?^ *\1 *$", re.M | re.S)
LINK = re.compile(r"(?<!\\)\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s*(\S+)", re.M)
HEADING = re.compile(r"^ {0,3}#{1,6} +(.*?)(?: +#+)?(?: *\{ *#([\w.-]+)[^}]*\})? *$", re.M)
CODE = re.compile(r"(`+)(?:(?!\1).)+\1")


def main() -> int:
    """Names what leads nowhere."""
    broken = [line for page in _pages() for line in broken_links(page)]
    print("\n".join([*broken, f"{len(_pages())} pages, {len(broken)} broken links"]))
    return bool(broken)


def broken_links(page: Path) -> Iterator[str]:
    for target in _links(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        file, _, anchor = target.partition("#")
        path = page.parent / unquote(file) if file else page
        where = f"{page.relative_to(REPOSITORY)}: {target}"
        if not path.exists():
            yield f"{where}: there is no such file"
        elif anchor and path.suffix == ".md" and anchor not in _anchors(path):
            yield f"{where}: there is no such heading"


@cache
def _anchors(page: Path) -> set[str]:
    """What GitHub and the site make of the headings of a page."""
    found = set[str]()
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for heading, named in HEADING.findall(text):
        words = re.sub(r"[^\w\s-]", "", re.sub(r"[`*]", "", heading).lower()).strip()
        found |= {named} if named else {re.sub(r"\s", "-", words), re.sub(r"[\s-]+", "-", words)}
    return found | set(re.findall(r'id="([^"]+)"', text))


def _links(text: str) -> Iterator[str]:
    for inside, below in LINK.findall(CODE.sub("", FENCE.sub("", text))):
        yield inside or below


def _pages() -> list[Path]:
    hidden = REPOSITORY / ".github"
    docs = [p for p in (REPOSITORY / "docs").rglob("*.md") if "/docs/." not in p.as_posix()]
    return [*REPOSITORY.glob("*.md"), *sorted(docs), *sorted(hidden.rglob("*.md"))]


if __name__ == "__main__":
    sys.exit(main())
