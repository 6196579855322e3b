"""The commands in the users' pages, as a reader copies them."""

import re
from dataclasses import dataclass

from devtools.local import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "examples" / "missed_calls" / "README.md"]
FENCED = re.compile(r"^```(?P<language>console|sh|bash)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^\$ ((?:.*\\\n)*.*)", re.MULTILINE)  # a prompt, and the lines that end with a backslash


@dataclass(frozen=True)
class Block:
    """Commands that stand together, and so share a shell.

    Attributes:
        page: The name of the page.
        number: Counts the blocks of the page.
        shell: What runs them: `sh`, or `bash` where the page says so.
        commands: Their text; a script without prompts is one command.
    """

    page: str
    number: int
    shell: str
    commands: tuple[str, ...]

    @property
    def name(self) -> str:
        """The page and the number."""
        return f"{self.page}#{self.number}"

    @property
    def text(self) -> str:
        """All commands, one after the other."""
        return "\n".join(self.commands)


def blocks() -> list[Block]:
    """Return the blocks of all pages in the order in which they stand."""
    all_blocks = []
    for page in PAGES:
        for number, found in enumerate(FENCED.finditer(page.read_text()), start=1):
            language, text = found["language"], found["text"]
            commands = CONSOLE.findall(text) if language == "console" else [text]
            shell = "bash" if language == "bash" else "sh"
            all_blocks.append(Block(str(page.relative_to(ROOT)), number, shell, tuple(commands)))
    return all_blocks
