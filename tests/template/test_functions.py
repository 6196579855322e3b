"""The functions: code, routes, timeouts, architecture and logs."""

import pytest

from devtools.template import parsed
from hookswitch.dash.hooks import CATALOGUE, HOOKS
from tests.template.views import FOLDERS, full, handler_module, id_of, of_type

TIMEOUT_OF_API_GATEWAY = 29
NAMED = {"console": "ConsoleFunction"}  # Console is a parameter


def test_every_folder_has_one_function() -> None:
    """Each folder in functions/ is deployed once, under its name in camel case."""
    written = of_type("AWS::Serverless::Function")
    handlers = sorted(map(handler_module, written.values()))
    assert handlers == sorted(f"{path}/handler" for path in FOLDERS.values())
    assert {id_of(folder) for folder in FOLDERS} == {
        NAMED.get(folder, folder.title().replace("_", "")) for folder in FOLDERS
    }


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_has_nothing_of_its_own(hook: str) -> None:
    """A hook's function has its code, the shared role and one route; everything else comes from Globals."""
    routes = {
        "Delivery": {
            "Type": "Api",
            "Properties": {"RestApiId": {"Ref": "Api"}, "Method": "any", "Path": f"/hooks/{hook}/{{token}}"},
        }
    }
    # The catch-all has its siblings' payload types beside it.
    code = (
        {"CodeUri": "functions/", "Handler": "hooks.notifications.handler.handler"}
        if CATALOGUE[hook].is_catch_all
        else {"CodeUri": f"functions/hooks/{hook}/"}
    )
    assert parsed()["Resources"][id_of(hook)] == {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "VersionDescription": {"Fn::GetAtt": ["HookConfiguration", "Digest"]},
            **code,
            "Role": {"Fn::GetAtt": ["HookRole", "Arn"]},
            "Events": routes,
        },
    }


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_answers_before_api_gateway_gives_up(hook: str) -> None:
    """A function times out before the API does; otherwise it would store what Dash believes lost."""
    assert of_type("AWS::Lambda::Function", full())[id_of(hook)]["Timeout"] < TIMEOUT_OF_API_GATEWAY


def test_functions_run_on_the_processor_that_the_layer_is_built_for() -> None:
    """One parameter sets the architecture of functions, layer and build; otherwise pydantic fails to import on AWS."""
    processor = {"Ref": "Architecture"}
    layer = parsed()["Resources"]["Layer"]
    assert layer["Metadata"] == {"BuildMethod": "python3.13", "BuildArchitecture": processor}
    assert layer["Properties"]["CompatibleArchitectures"] == [processor]
    for function in of_type("AWS::Lambda::Function", full()).values():
        assert function["Architectures"] == [processor]
        assert function["Runtime"] == "python3.13"
        assert len(function["Layers"]) == 1
    assert parsed()["Parameters"]["Architecture"]["Default"] == "arm64"


def test_all_logs_are_in_one_group() -> None:
    """Every function writes to the log group whose retention is a parameter, so no log is kept forever."""
    assert of_type("AWS::Logs::LogGroup")["LogGroup"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    for function in of_type("AWS::Lambda::Function", full()).values():
        assert function["LoggingConfig"]["LogGroup"] == {"Ref": "LogGroup"}
