"""What tests look at in the page."""

from importlib.resources import files

from playwright.sync_api import Page

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
HOSTILE = (
    "<img src=x onerror='window.broken=1'><script>window.broken=1</script>",
    '=HYPERLINK("https://example.com","click")',
    "Bob \u202egnp.exe\u202c\u0007\u001b[31m\u200b\nline",
    "A\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 " + "W" * 400,
)
ROWS = "tr.call"


def rows(page: Page) -> list[list[str]]:
    """Return the text of all cells of the list."""
    return [
        [text.strip() for text in row]
        for row in page.locator(ROWS).evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.replace(/\\s+/g, ' ')))"
        )
    ]


def refresh(page: Page) -> None:
    """Have the page look for news now: as it does when somebody comes back to it."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def found_by_axe(page: Page, *rules: str) -> list[str]:
    """Return what axe finds wrong with the accessibility of what is shown, by some of its rules or by all."""
    page.evaluate(AXE)
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:200]}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]


def overflow(page: Page) -> int:
    """Return by how many pixels one could scroll to the side."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
