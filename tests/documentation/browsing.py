"""The built site in headless Chromium: every page, navigation, search, copying, a phone.

`python -m tests.documentation site browser`
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.documentation.site import SITE
from tests.harness.browser import CHROMIUM, Tab, opened, served

DESKTOP = (1280, 900)
PHONE = (390, 844)
DIALOG = "([...document.querySelectorAll('*')].find(each => each.shadowRoot)?.shadowRoot)"
"""The search, which has a tree of its own."""


@dataclass(frozen=True)
class Reader:
    tab: Tab
    address: str

    def open(self, page: str, size: tuple[int, int] = DESKTOP, *, dark: bool = False) -> None:
        self.tab.shape(*size, dark=dark)
        self.tab.open(f"{self.address}/{page}")
        self.tab.wait("window.document$ !== undefined")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    if CHROMIUM is None:
        pytest.skip("There is no Chromium: apt-get install chromium, or set FASTDEPS_CHROMIUM.")
    with served(SITE) as address, opened(tmp_path_factory.mktemp("profile")) as tab:
        yield Reader(tab, address)


@pytest.fixture(autouse=True)
def nothing_is_told(reader: Reader) -> Iterator[None]:
    reader.tab.told.clear()
    yield
    reader.tab.evaluate("0")
    assert reader.tab.told == []


def pages() -> list[str]:
    found = [page.parent.relative_to(SITE).as_posix() for page in SITE.rglob("index.html")]
    return sorted("" if page == "." else f"{page}/" for page in found)


def test_there_are_pages_to_look_at() -> None:
    assert {"", "tutorial/", "reference/", "checks/FD101/"} <= set(pages())


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_fits_and_all_that_it_shows_is_there(
    reader: Reader, size: tuple[int, int], dark: bool
) -> None:
    wide, missing = [], []
    for page in pages():
        reader.open(page, size, dark=dark)
        if reader.tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(page)
        # An image of the other colours is not loaded, or not shown.
        if reader.tab.evaluate(
            "[...document.images].some(image => image.offsetParent && image.complete"
            " && image.naturalWidth === 0)"
        ):
            missing.append(page)
    assert (wide, missing) == ([], [])


def test_the_colours_are_those_that_the_reader_prefers(reader: Reader) -> None:
    seen = []
    for dark in (False, True):
        reader.open("", dark=dark)
        colour = reader.tab.evaluate("getComputedStyle(document.body).backgroundColor")
        seen.append(sum(map(int, re.findall(r"\d+", colour)[:3])))
    assert seen[0] > 600 > 300 > seen[1]


def test_a_link_of_the_navigation_leads_to_its_page_and_back(reader: Reader) -> None:
    reader.open("")
    reader.tab.evaluate("document.querySelector('.md-nav a[href*=\"reference\"]').click()")
    reader.tab.wait("location.pathname === '/reference/'")
    reader.tab.wait("document.querySelector('h1').textContent.startsWith('Reference')")
    reader.tab.evaluate("history.back()")
    reader.tab.wait("location.pathname === '/'")
    reader.tab.wait("!document.querySelector('h1').textContent.startsWith('Reference')")


def test_a_phone_has_the_navigation_behind_a_button(reader: Reader) -> None:
    reader.open("", PHONE)
    shown = (
        "(document.querySelector('.md-nav--primary a[href*=\"tutorial\"]')"
        ".getBoundingClientRect().left >= 0)"
    )
    assert not reader.tab.evaluate(shown)
    reader.tab.evaluate("document.querySelector('label.md-header__button[for=__drawer]').click()")
    reader.tab.wait(shown)


def test_the_search_finds_a_name_and_leads_to_it(reader: Reader) -> None:
    reader.open("")
    reader.tab.evaluate("document.querySelector('.md-search__button').click()")
    reader.tab.wait(f"{DIALOG} && {DIALOG}.activeElement?.tagName === 'INPUT'")
    reader.tab.type("run_threaded")
    found = f"[...{DIALOG}.querySelectorAll('a')].find(link => link.href.includes('/reference/'))"
    reader.tab.wait(f"{found} !== undefined")
    reader.tab.evaluate(f"{found}.click()")
    reader.tab.wait("location.pathname === '/reference/'")


def test_a_block_of_code_is_copied_as_it_stands(reader: Reader) -> None:
    reader.open("")
    reader.tab.send("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    reader.tab.wait("document.querySelector('.md-code__button') !== null")
    code = reader.tab.evaluate("document.querySelector('.highlight code').textContent")
    reader.tab.evaluate(
        "document.querySelector('.highlight [title=\"Copy to clipboard\"]').click()"
    )
    copied = reader.tab.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == code.strip()
    assert copied.strip() != ""


def test_a_page_that_is_not_there_says_so() -> None:
    assert "404" in (SITE / "404.html").read_text(encoding="utf-8")
