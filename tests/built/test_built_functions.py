"""Each built function stands on its own folder, its layer and what the Lambda runtime has: on nothing else.

The emulator can't tell: it offers the functions its own packages, which hide a missing one.
"""

import json
import subprocess
import sys
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from bench.subjects import package_size
from devtools import stack
from devtools.local import LOCAL, ROOT, architecture
from devtools.template import parsed
from hookswitch.dash.hooks import HOOKS
from hookswitch.payloads.base import Payload
from tests.receiving import payload_type

pytestmark = pytest.mark.xdist_group("built")

FUNCTIONS = sorted(name for name, it in parsed()["Resources"].items() if it["Type"] == "AWS::Serverless::Function")
RUNTIME = LOCAL / "runtime"
STANDARD_LIBRARY = Path(json.__file__).parents[1]

# The order is that of Lambda: the function's folder, its layer, the runtime's packages.
LOAD = """
import importlib, json, sys
sys.path[:0] = json.loads(sys.argv[1])
module = importlib.import_module(sys.argv[2])
assert callable(module.handler)
modules = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
json.dump(modules, sys.stdout)
"""

# What a delivery would wait for at a cold start and has no use for.
NEEDLESS = {
    "boto3",
    "botocore.session",  # most of a bare function's cold start: docs/engineering/decisions/0020-cold-start.md
    "s3transfer",
    "requests",
    "urllib3",
    "aws_xray_sdk",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.batch",
    "aws_lambda_powertools.utilities.data_classes",
    "aws_lambda_powertools.utilities.parser",
    "aws_lambda_powertools.utilities.validation",
    "hookswitch.events.cloudevent",
    "hookswitch.cloudformation.custom_resource",
    "hookswitch.dash",
    "hookswitch.destinations",
    "hookswitch.reconcile",
    "hookswitch.aws.snapstart",
    "pydantic.networks",
    "pydantic.v1",
    "tzdata",
}
BASES = {f"hookswitch.payloads.{name}" for name in ("channel", "fax", "notification", "registration")}
PACKAGE = 5_000_000  # bytes of a hook's zip and its layer's together; each cold start on a new machine fetches both
MACHINES = {"arm64": 0xB7, "x86_64": 0x3E}  # of the ELF header


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where compiled modules go: not into what was built, which may be deployed next."""
    return tmp_path_factory.mktemp("bytecode")


def handler_of(function: str) -> str:
    """Return the module that Lambda imports for a function."""
    template = parsed()
    properties = template["Globals"]["Function"] | template["Resources"][function]["Properties"]
    return str(properties["Handler"]).rpartition(".")[0]


@cache
def load(built: Path, function: str, bytecode: Path) -> dict[str, str | None]:
    """Import a function's handler as Lambda does; return the files of all modules that came with it."""
    template = parsed()
    own = template["Resources"][function]["Properties"].get("Environment", {}).get("Variables", {})
    variables = {**template["Globals"]["Function"]["Environment"]["Variables"], **own}
    folders = [built / function, built / "Layer" / "python", RUNTIME]
    python = [sys.executable, "-I", "-S", "-X", f"pycache_prefix={bytecode}"]
    done = subprocess.run(  # noqa: S603 - our own Python
        [*python, "-c", LOAD, json.dumps([*map(str, folders)]), handler_of(function)],
        env=dict.fromkeys(variables, "value"),
        cwd=built,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules: dict[str, str | None] = json.loads(done.stdout)
    return modules


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_imports(function: str, built: Path, bytecode: Path) -> None:
    """Its handler imports with the template's variables alone, and every module is from where it will be on Lambda."""
    homes = (built / function, built / "Layer" / "python", RUNTIME, STANDARD_LIBRARY)
    layer, modules = homes[1], load(built, function, bytecode)
    for name, file in modules.items():
        assert file is None or any(Path(file).is_relative_to(home) for home in homes), name
    module = handler_of(function)
    assert modules[module] == str(built / function / f"{module.replace('.', '/')}.py")
    for name in {"hookswitch", "pydantic", "pydantic_core", "aws_lambda_powertools"} & modules.keys():
        assert Path(modules[name] or "").is_relative_to(layer), name
    for name in {"boto3", "botocore"} & modules.keys():
        assert Path(modules[name] or "").is_relative_to(RUNTIME), name


@pytest.mark.parametrize("hook", HOOKS)
def test_cold_start_of_a_hook_is_short(hook: str, built: Path, bytecode: Path) -> None:
    """A delivery waits for no module that it has no use for, the payload types of other hooks among them."""
    modules = load(built, hook.title().replace("_", ""), bytecode).keys()
    assert not NEEDLESS & modules
    needed = {base.__module__ for base in payload_type(hook).__mro__ if issubclass(base, Payload)}
    assert BASES & modules == BASES & needed


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_compiles_nothing(hook: str, built: Path, bytecode: Path) -> None:
    """Every module that comes from its package has its bytecode there."""
    function = hook.title().replace("_", "")
    files = [Path(file) for file in load(built, function, bytecode).values() if file and file.endswith(".py")]
    ours = [file for file in files if file.is_relative_to(built)]
    assert ours
    assert [file for file in ours if not Path(cache_from_source(str(file))).exists()] == []


@pytest.mark.parametrize("hook", HOOKS)
def test_package_is_small(hook: str, built: Path) -> None:
    """Zipped as SAM does it, bytecode included."""
    assert package_size(hook, built) <= PACKAGE


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_holds_its_own_folder_only(function: str, built: Path) -> None:
    """What is uploaded is what is in the folder: no package beside it, which belongs into the layer."""
    code = parsed()["Resources"][function]["Properties"]["CodeUri"]
    ours = {path.name for path in (ROOT / code).iterdir()} - {"__pycache__"}
    assert {path.name for path in (built / function).iterdir()} - {"__pycache__"} == ours


@pytest.mark.parametrize("processor", MACHINES)
def test_layer_is_built_for_the_processor(processor: str, built: Path, tmp_path: Path) -> None:
    """The parameter Architecture decides for which machine the compiled part of pydantic is."""
    if processor != architecture():
        built = stack.build(directory=tmp_path / "build", machine=processor, bytecode=False).parent
    machines = {path.name: path.read_bytes()[18] for path in (built / "Layer").rglob("*.so")}
    assert any("pydantic_core" in name for name in machines)
    assert set(machines.values()) == {MACHINES[processor]}
