"""The code blocks of a page, and what becomes of each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sybil import Document, Region
from sybil.document import PythonDocStringDocument
from sybil.parsers.markdown.lexers import DirectiveInHTMLCommentLexer, RawFencedCodeBlockLexer

Kind = Literal["file", "python", "console", "synopsis", "data", "drawing", "shown"]

FENCES = RawFencedCodeBlockLexer(re.compile(r"(?P<language>[\w+-]*)(?P<options>[^\n]*)$\n", re.M))
COMMENTS = DirectiveInHTMLCommentLexer(r"not-run|fresh|hidden", r"[^\n]*?")
TITLE = re.compile(r'title="([^"]+)"')


class BlockError(Exception):
    """A block of which nothing says what it is."""


@dataclass(frozen=True)
class Block:
    """`python` without a title is run; with a title it is a file, as is any other language.

    A `text` block right after a `python` one is what that prints. In a `console` block, lines
    that begin with `$ ` are run, and the others are what is shown; without such a line it is a
    synopsis, whose command, options and files must be there.

    A comment says what can't be seen: `<!-- not-run: REASON -->` before a block, `<!-- fresh -->`
    where a reader starts from nothing again, and `<!-- hidden: python` around code that is run
    and not shown.
    """

    kind: Kind
    language: str
    source: str
    start: int
    end: int
    title: str = ""
    shown: str | None = None
    """What it must print, with `...` for what varies."""
    reason: str = ""
    """Why it is not run."""
    fresh: bool = False
    """It needs nothing of what came before."""
    line: int = 0


def blocks_of(document: Document) -> Iterator[Block]:
    """The blocks of a document, in order, each with what it is to show."""
    reason, fresh = "", False
    pending: Block | None = None
    for region in sorted(_regions(document), key=lambda region: region.start):
        directive = region.lexemes.get("directive")
        if directive == "not-run":
            reason = region.lexemes["arguments"].strip()
            if not reason:
                raise BlockError(f"{document.path}: a block is not run without a reason")
            continue
        if directive == "fresh":
            fresh = True
            continue
        block = _block(document, region, reason)
        if pending is not None:
            between = document.text[pending.end : block.start].strip()
            if block.language == "text" and not between and not block.reason:
                yield replace(pending, shown=block.source)
                pending = None
                continue
            yield pending
            pending = None
        reason = ""
        block = replace(block, fresh=fresh)
        if block.kind in ("python", "console"):
            fresh = False
        if block.kind == "python":
            pending = block
        else:
            yield block
    if pending is not None:
        yield pending


def blocks(path: Path) -> Iterator[Block]:
    """Those of a page, or of the docstrings of a module, each of which is read for itself."""
    document = Document(path.read_text(encoding="utf-8"), str(path))
    if path.suffix != ".py":
        yield from blocks_of(document)
        return
    for start, _, text in PythonDocStringDocument.extract_docstrings(document.text):
        before = document.text.count("\n", 0, start)
        fresh = True
        for block in blocks_of(Document(text, str(path))):
            place = {"start": block.start + start, "end": block.end + start}
            yield replace(block, fresh=fresh, line=block.line + before, **place)
            fresh = False


def pages(root: Path) -> list[Path]:
    """Every page with code that a reader may run."""
    docs = root / "docs"
    found = [path for path in docs.rglob("*.md") if path.relative_to(docs).parts[0][0] != "."]
    return [root / "README.md", root / "CHANGELOG.md", *sorted(found)]


def _regions(document: Document) -> Iterator[Region]:
    yield from COMMENTS(document)
    comments = [(comment.start, comment.end) for comment in COMMENTS(document)]
    for fence in FENCES(document):
        if not any(start <= fence.start < end for start, end in comments):
            yield fence


def _block(document: Document, region: Region, reason: str) -> Block:
    if region.lexemes.get("directive") == "hidden":
        language, options = region.lexemes["arguments"].strip(), ""
    else:
        language, options = region.lexemes["language"], region.lexemes["options"]
    title = TITLE.search(options)
    source = str(region.lexemes["source"])
    line = document.text.count("\n", 0, region.start) + 2
    return Block(
        _kind(document, language, source, bool(title), line) if not reason else "shown",
        language,
        source,
        region.start,
        region.end,
        title[1] if title else "",
        reason=reason,
        line=line,
    )


def _kind(document: Document, language: str, source: str, titled: bool, line: int) -> Kind:
    if titled:
        return "file"
    match language:
        case "python":
            return "python"
        case "console":
            prompted = any(each.startswith("$ ") for each in source.splitlines())
            return "console" if prompted else "synopsis"
        case "json" | "toml" | "yaml":
            return "data"
        case "mermaid":
            return "drawing"
        case "text":
            return "shown"
        case _:
            raise BlockError(f"{document.path}:{line}: nothing is known of ```{language}")
