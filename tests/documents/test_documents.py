"""What the documents say exists: commands, links and parameters."""

import re
from fnmatch import fnmatch
from pathlib import Path

from devtools import variables
from devtools.local import ROOT
from devtools.template import parsed
from simulator.tests.each import for_each
from tests.documents.commands import PAGES, Block, blocks

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [str(document.relative_to(ROOT)) for document in DOCUMENTS]
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def anchor(heading: str) -> str:
    """Return a heading's anchor, as common renderers derive it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@for_each("document", DOCUMENTS)
def test_links(document: Path) -> None:
    """Every relative link points to an existing file, and to a heading in it."""
    for target in LINK.findall(CODE.sub("", document.read_text())):
        if "://" in target:
            continue
        path, _, fragment = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        assert linked.exists(), target
        if fragment:
            headings = re.findall(r"^#+ (.*)$", CODE.sub("", linked.read_text()), re.MULTILINE)
            assert fragment in map(anchor, headings), target


@for_each("document", DOCUMENTS)
def test_make_targets(document: Path) -> None:
    """Every make command that a document names is a target."""
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|\$ )make ([a-z][a-z-]*)", document.read_text()))
    assert named <= targets


PROGRAMS = {"make", "sam", "aws", "python3.13", "cp", "echo", "export", "#", "git", "eval"}
MADE = {"hookswitch.toml", "VERSION.template.json"}  # by a command before, or by `make release`
COLUMNS = 86  # of a command's line; a value that can't be broken takes so many


def test_index_of_decisions() -> None:
    """Every decision record has its own number, and the index lists it under its title."""
    folder = ROOT / "docs" / "engineering" / "decisions"
    index = (folder / "README.md").read_text()
    records = list(folder.glob("[0-9]*.md"))
    assert len({record.name[:4] for record in records}) == len(records), "two records have the same number"
    for record in records:
        title = record.read_text().splitlines()[0].removeprefix("# ")
        assert f"- [{title}]({record.name})\n" in index


def test_decisions_named_in_code() -> None:
    """Every decision record that code, a template or a comment names exists."""
    sources = [path for pattern in ("*.py", "*.yaml", "*.toml", "Makefile") for path in _tracked(pattern)]
    named = {name for path in sources for name in re.findall(r"decisions/(\d{4}[\w-]*(?:\.md)?)", path.read_text())}
    assert named
    for name in named:
        assert (ROOT / "docs" / "engineering" / "decisions" / name).exists(), name


def test_parameters() -> None:
    """The page on parameters has the template's: names, defaults and descriptions."""
    rows = [
        f"| `{name}` | {_default(parameter.get('Default'))} | {parameter['Description']} |"
        for group in parsed()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        for name in group["Parameters"]
        for parameter in [parsed()["Parameters"][name]]
    ]
    table = "\n".join(["| Parameter | Default | What it does |", "|---|---|---|", *rows])
    assert table in (ROOT / "docs" / "parameters.md").read_text(), f"The table should be:\n\n{table}"


def test_variables() -> None:
    """The page on configuration lists every variable that the template sets or a function reads, and no other."""
    functions = [
        parsed()["Globals"]["Function"],
        *(it["Properties"] for it in parsed()["Resources"].values() if "Properties" in it),
    ]
    set_there = {name for it in functions if "Environment" in it for name in it["Environment"]["Variables"]}
    sources = [path.read_text() for folder in ("layers", "functions") for path in (ROOT / folder).rglob("*.py")]
    reading = re.compile(r'(?:env(?:iron)?(?:\.get\(|\[)|_seconds\()"((?!AWS_|_X_AMZN)[A-Z_]+)"')
    read = {name for text in sources for name in reading.findall(text)}
    page = (ROOT / "docs" / "configuration.md").read_text()
    assert set(re.findall(r"^\| `([A-Z_]+)`", page, re.MULTILINE)) == set_there | read


def test_readme_is_short() -> None:
    """A stranger reads it to its end."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


@for_each("block", blocks())
def test_commands(block: Block) -> None:
    """Commands use programs that users have, targets and files that exist, and variables defined where they stand.

    tests/integration/test_documented_commands.py runs them.
    """
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    of_a_stack = variables.names(parsed()["Outputs"])
    for command in block.commands:
        assert max(map(len, command.splitlines())) <= COLUMNS, command
        words = [word for word in re.sub(r"[\"$()\\]", " ", command).split() if not word.startswith("-")]
        program = words[0].removeprefix(".local/sam/bin/")
        assert program in PROGRAMS or "=" in program, command
        if "make" in words:
            assert words[words.index("make") + 1] in targets, command
        files = {word.removeprefix("file://") for word in words}
        named = {word for word in files if word.endswith((".py", ".json", ".toml", ".yaml"))} - MADE
        assert all((ROOT / name).exists() for name in named if not name.startswith(".local/")), command
    defined = {*re.findall(r"\b([A-Z_]+)=|read -\w+ '[^']*' ([A-Z_]+)", block.text)}
    names = {name for pair in defined for name in pair} | (of_a_stack if "make -s variables" in block.text else set())
    assert set(re.findall(r"\$\{?([A-Z_]+)", block.text)) <= names


@for_each("page", PAGES)
def test_outputs(page: Path) -> None:
    """Every output of the stack that a page names exists."""
    named = re.findall(r"\boutputs?\s+`?([A-Z]\w+)", page.read_text())
    assert set(named) <= parsed()["Outputs"].keys()


def _tracked(pattern: str) -> list[Path]:
    found: list[Path] = []
    for folder, folders, names in ROOT.walk():
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [folder / name for name in names if fnmatch(name, pattern)]
    return found


def _default(value: object) -> str:
    match value:
        case None:
            return "required"
        case "":
            return "empty"
        case str() if len(value) > 60 and "," in value:
            return "all but `notifications`"
        case _:
            return f"`{value}`"
