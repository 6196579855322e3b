"""Adds bytecode to what `sam build` made: `python3.13 devtools/bytecode.py [.aws-sam/build]`. Needs no package.

Lambda's file system is read-only, so without it every cold start compiles every module that it imports. `sam build`
adds none, and the usual kind would not work: it depends on modification times, which SAM's packages lack.
The hash-based kind (PEP 552) stays valid, on every processor. See docs/engineering/decisions/0020-cold-start.md.

To keep the package small, files that no function reads are deleted. The template is held to the architecture that was
built, so that CloudFormation refuses another one at once instead of deploying functions that can't start.
"""

import compileall
import re
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

PYTHON = (3, 13)  # bytecode works with one version only, that of the functions' Runtime

# Modules that no hook imports would only make the layer larger.
SKIPPED = re.compile(
    r"/python/(urllib3|tzdata)/"
    r"|/python/annotated_types/test_cases\.py"
    r"|/python/pydantic/(v1|deprecated|experimental|mypy\.py|networks\.py|color\.py)"
    r"|/python/pydantic/(alias_generators|dataclasses|functional_serializers|root_model|validate_call_decorator)\.py"
    r"|/python/pydantic/_internal/(_decorators_v1|_validate_call)\.py"
    r"|/python/aws_lambda_powertools/(event_handler|middleware_factory|utilities/(?!__init__|jmespath_utils))"
    r"|/python/aws_lambda_powertools/(logging/(formatters/|utils\.py)|shared/cookies\.py)"
    r"|/python/aws_lambda_powertools/metrics/provider/datadog/"
    r"|/python/hookswitch/(cloudformation|console|reconcile|webhooks)/"
    r"|/python/hookswitch/dash/(client|credentials|history|pace|wire)\.py"
    r"|/python/hookswitch/destinations/(checks|manage|sweep)\.py"
)

BUILT_FOR = re.compile(r"^ +BuildArchitecture: (?P<architecture>\w+)$", re.MULTILINE)
PARAMETER = re.compile(
    r"(?<=\n  Architecture:\n)(?P<rest>(?: {4}.*\n)*?) {4}AllowedValues:\n(?: {4}- .*\n)+ {4}Default: .*\n"
)

# Parts of packages that nothing imports which a function uses, and files that no function reads: 1 MB zipped.
# Powertools would need its event handlers to log a pydantic model, which nothing does.
UNUSED = (
    "*/python/aws_lambda_powertools/event_handler/**/*",
    "*/python/aws_lambda_powertools/utilities/auth_alpha/**/*",
    "*/python/aws_lambda_powertools/utilities/circuit_breaker/**/*",
    "*/python/aws_lambda_powertools/utilities/data_masking/**/*",
    "*/python/aws_lambda_powertools/utilities/feature_flags/**/*",
    "*/python/aws_lambda_powertools/utilities/idempotency/**/*",
    "*/python/aws_lambda_powertools/utilities/kafka/**/*",
    "*/python/aws_lambda_powertools/utilities/parameters/**/*",
    "*/python/aws_lambda_powertools/utilities/streaming/**/*",
    "*/python/aws_lambda_powertools/utilities/validation/**/*",
    "*/python/pydantic/v1/**/*",
    "*/python/pydantic/mypy.py",
    "*/python/tzdata/zoneinfo/*.tab",  # what the zones are compiled from, and which countries they are of
    "*/python/tzdata/zoneinfo/leapseconds",
    "*/python/tzdata/zoneinfo/tzdata.zi",
    "*/python/urllib3/contrib/emscripten/**/*",
    "*/python/*.dist-info/RECORD",  # which lists files that are deleted here
    "*/python/*.dist-info/sboms/*",
    "*/python/*.dist-info/METADATA",  # licenses have files of their own
    "*/python/requirements.txt",
    "*/python/**/*.pyi",  # type checkers read them
)


def add_bytecode(build: Path) -> None:
    """Compile the modules of all functions and layers that `sam build` wrote to a folder; delete unused files.

    The template is held to the architecture that was built.

    Raises:
        SystemExit: This is not Lambda's version of Python, or a module can't be compiled.
    """
    if sys.version_info[:2] != PYTHON or sys.implementation.name != "cpython":
        raise SystemExit(f"The functions run on Python {PYTHON[0]}.{PYTHON[1]}: add their bytecode with that.")
    if not (build / "template.yaml").exists():
        raise SystemExit(f"There is no build in {build}: run `sam build` first.")
    done = compileall.compile_dir(
        build,
        maxlevels=20,
        force=True,  # the hash is not checked later, so old bytecode must not stay
        quiet=1,
        rx=SKIPPED,
        stripdir=build,  # no folder of this machine in a traceback
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not done:
        raise SystemExit("A module can't be compiled; its error is above.")
    for pattern in UNUSED:
        for file in build.glob(pattern):
            if file.is_file():
                file.unlink()
    hold_to_architecture(build / "template.yaml")


def hold_to_architecture(template: Path) -> None:
    """Allow no other architecture in a built template than the one that it was built for."""
    text = template.read_text(encoding="utf-8")
    if found := BUILT_FOR.search(text):
        held = f"{{}}    AllowedValues:\n    - {found['architecture']}\n    Default: {found['architecture']}\n"
        template.write_text(PARAMETER.sub(lambda rules: held.format(rules["rest"]), text), encoding="utf-8")


if __name__ == "__main__":
    add_bytecode(Path(sys.argv[1] if len(sys.argv) > 1 else ".aws-sam/build"))
