"""The console: nothing unless asked for, who may sign in and how, and what its function may do."""

import json
from functools import cache
from typing import Any

import pytest

from devtools.template import ASKED, expanded, parsed, resources
from hookswitch.calls.items import LEG, PARTY
from hookswitch.console.action_log import PREFIX
from hookswitch.console.functions import WAIT
from hookswitch.console.pool import SCOPE
from hookswitch.console.sessions import IDLE, LONGEST, Session
from hookswitch.console.users import ROLES, User
from hookswitch.events.kinds import ACTION, CALL, QUARANTINE
from hookswitch.settings.console import ConsoleSettings
from tests.permissions import as_list, statements

ON = ASKED | {"Console": "on", "ConsoleUserEmail": "you@example.com"}
TESTED = ASKED | {"Console": "on", "ConsoleTestHost": "localhost:4566", "ConsoleMfa": "off"}
KINDS = ("AWS::ApiGatewayV2::", "AWS::Cognito::")


@cache
def made(*, tested: bool = False) -> dict[str, Any]:
    """Return the resources of a stack with the page; of one on the emulator."""
    given = TESTED if tested else ON
    return resources(expanded(**given), **given)


def properties(name: str) -> dict[str, Any]:
    """Return the properties of a resource."""
    found: dict[str, Any] = made()[name]["Properties"]
    return found


def test_nothing_unless_asked_for() -> None:
    """By default a stack has no page, and nothing that belongs to it; each resource of it depends on the parameter."""
    assert parsed()["Parameters"]["Console"]["Default"] == "off"
    without = resources(expanded(**ASKED), **ASKED)
    added = (made().keys() & parsed()["Resources"].keys()) - without.keys()
    assert added >= {name for name, it in made().items() if it["Type"].startswith(KINDS) or name.startswith("Console")}
    assert {"SessionsTable", "ConsoleFunction", "ConsoleRole", "ConsolePermission"} <= added
    assert all(name.startswith("Console") or name.endswith("Group") or name == "SessionsTable" for name in added)


def test_one_origin() -> None:
    """Every request reaches the function, at the root of the API's own host, to which cookies are bound."""
    assert properties("ConsoleRoute")["RouteKey"] == "$default"
    assert properties("ConsoleStage")["StageName"] == "$default"
    assert properties("ConsoleIntegration")["PayloadFormatVersion"] == "2.0"  # as hookswitch.console.web reads it
    limits = properties("ConsoleStage")["DefaultRouteSettings"]
    assert 0 < limits["ThrottlingRateLimit"] <= limits["ThrottlingBurstLimit"] <= 1_000
    source = properties("ConsolePermission")["SourceArn"]["Fn::Sub"]
    assert source.endswith(":${ConsoleApi}/*/$default")


def test_log_has_no_numbers() -> None:
    """The access log has neither path nor query, in which people look for numbers."""
    given = ON | {"AccessLog": "on"}
    log = resources(expanded(**given), **given)["ConsoleStage"]["Properties"]["AccessLogSettings"]
    assert not any(word in log["Format"] for word in ("context.path", "rawPath", "query", "routeKey"))
    assert "AccessLogSettings" not in properties("ConsoleStage")


def test_nobody_signs_up() -> None:
    """Administrators make users; passwords are long, and a second factor is needed unless somebody says otherwise."""
    pool = properties("ConsoleUsers")
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] >= 12
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("ON", ["SOFTWARE_TOKEN_MFA"])
    assert made(tested=True)["ConsoleUsers"]["Properties"]["MfaConfiguration"] == "OFF"
    assert parsed()["Parameters"]["ConsoleMfa"]["Default"] == "on"


def test_users_can_not_change_their_accounts() -> None:
    """Neither the client's attributes nor its scopes let users write what says what they may see."""
    client = properties("ConsoleClient")
    (schema,) = properties("ConsoleUsers")["Schema"]
    name = f"custom:{schema['Name']}"
    assert User.from_claims({"sub": "1", name: "c" * 32}, "a" * 32).accounts == ("c" * 32,)
    assert name in client["ReadAttributes"]
    assert name not in client["WriteAttributes"]
    assert client["AllowedOAuthScopes"] == SCOPE.split()
    assert "aws.cognito.signin.user.admin" not in client["AllowedOAuthScopes"]


COMPANY = ON | {"ConsoleSamlMetadataUrl": "https://login.example.com/metadata.xml?app=1&x=2"}


def test_identity_provider() -> None:
    """A company's provider is offered beside passwords, and says nothing but who somebody is."""
    found = resources(expanded(**COMPANY), **COMPANY)
    provider, client = (found[name]["Properties"] for name in ("ConsoleIdentityProvider", "ConsoleClient"))
    assert provider["ProviderType"] == "SAML"
    assert provider["ProviderDetails"] == {"MetadataURL": COMPANY["ConsoleSamlMetadataUrl"]}, "no answers unasked"
    assert client["SupportedIdentityProviders"] == ["COGNITO", {"Ref": "ConsoleIdentityProvider"}]
    # Cognito refuses a sign-in that maps what the client may not write, so what it maps, users could write as well.
    assert provider["AttributeMapping"].keys() == {*client["WriteAttributes"]} == {"email"}
    assert not {provider["ProviderName"], *provider["AttributeMapping"]} & {*ROLES}


def test_no_identity_provider_unless_asked_for() -> None:
    """Without an address there is none; nor without the page."""
    assert "ConsoleIdentityProvider" not in made()
    assert properties("ConsoleClient")["SupportedIdentityProviders"] == ["COGNITO"]
    given = COMPANY | {"Console": "off"}
    assert "ConsoleIdentityProvider" not in resources(expanded(**given), **given)


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [("", True), ("https://login.example.com/m?appid=1", True), ("http://login.example.com/", False), ("x", False)],
)
def test_metadata_is_read_over_tls(address: str, *, is_allowed: bool) -> None:
    """Who could change the metadata could sign in as anybody."""
    from tests.template.views import fits  # noqa: PLC0415 - what it expands takes a while

    assert fits(address, parsed()["Parameters"]["ConsoleSamlMetadataUrl"]) is is_allowed


def test_what_an_identity_provider_is_told() -> None:
    """Outputs have what the provider's administrator enters, before there is a provider: its metadata come after."""
    outputs = parsed()["Outputs"]
    domain = "https://${ConsoleDomain}.auth.${AWS::Region}.amazoncognito.com"
    assert domain in json.dumps(parsed()["Resources"]["ConsoleFunction"])
    assert outputs["ConsoleSamlReplyUrl"]["Value"] == {"Fn::Sub": f"{domain}/saml2/idpresponse"}
    assert outputs["ConsoleSamlEntityId"]["Value"] == {"Fn::Sub": "urn:amazon:cognito:sp:${ConsoleUsers}"}
    assert {outputs[name]["Condition"] for name in ("ConsoleSamlReplyUrl", "ConsoleSamlEntityId")} == {"HasConsole"}


def test_client() -> None:
    """It has a secret, takes codes only, leads back to the page only, and its tokens live as long as sessions do."""
    client = properties("ConsoleClient")
    assert client["GenerateSecret"] is True
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert client["EnableTokenRevocation"] is True
    address = "https://${ConsoleApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
    assert client["CallbackURLs"] == [{"Fn::Sub": f"{address}/signed-in"}]
    assert client["LogoutURLs"] == [{"Fn::Sub": f"{address}/signed-out"}]
    assert set(client["TokenValidityUnits"].values()) == {"minutes"}
    assert client["IdTokenValidity"] * 60 == client["AccessTokenValidity"] * 60 == IDLE
    assert client["RefreshTokenValidity"] * 60 == LONGEST


def test_groups_are_roles() -> None:
    """The pool has a group for each role, and the first user is in all of them and sees all accounts."""
    groups = {
        name: it["Properties"]["GroupName"] for name, it in made().items() if it["Type"].endswith("UserPoolGroup")
    }
    assert sorted(groups.values()) == sorted(ROLES)
    joined = [it["Properties"] for it in made().values() if it["Type"].endswith("UserPoolUserToGroupAttachment")]
    assert sorted(groups[it["GroupName"]["Ref"]] for it in joined) == sorted(ROLES)
    attributes = {it["Name"]: it["Value"] for it in properties("ConsoleUser")["UserAttributes"]}
    user = User.from_claims({"sub": "1", "cognito:groups": [*ROLES], **attributes}, "a" * 32)
    assert user.sees_all_accounts


def test_first_user_is_optional() -> None:
    """Without an address there is no user."""
    without = ASKED | {"Console": "on"}
    assert not any("UserPoolUser" in it["Type"] for it in resources(expanded(**without), **without).values())


def test_managed_login_has_a_look() -> None:
    """Managed login shows nothing without branding, which the emulator does not know."""
    assert properties("ConsoleDomain")["ManagedLoginVersion"] == 2
    assert properties("ConsoleBranding")["UseCognitoProvidedValues"] is True
    assert "ConsoleBranding" not in made(tested=True)
    assert made(tested=True)["ConsoleDomain"]["Properties"]["ManagedLoginVersion"] == 1


@pytest.mark.parametrize(
    ("host", "is_allowed"), [("", True), ("localhost:4566", True), ("example.com:80", False), ("localhost:1@x", False)]
)
def test_only_this_machine_goes_without_tls(host: str, *, is_allowed: bool) -> None:
    """Nobody can have the page send people, or their codes, anywhere else."""
    from tests.template.views import fits  # noqa: PLC0415 - what it expands takes a while

    assert fits(host, parsed()["Parameters"]["ConsoleTestHost"]) is is_allowed


def test_settings() -> None:
    """The function finds all its settings in the variables, and the address that the pool leads back to."""
    variables = properties("ConsoleFunction")["Environment"]["Variables"]
    everywhere = parsed()["Globals"]["Function"]["Environment"]["Variables"]
    given = dict.fromkeys({*variables, *everywhere}, "x") | {"RETENTION_DAYS": "90"}
    queues = json.loads(variables["QUEUE_URLS"]["Fn::Sub"])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        patch.setenv("QUEUE_URLS", json.dumps(queues))
        patch.setenv("AWS_REGION", "us-east-1")
        settings = ConsoleSettings.from_environment()
    assert settings.queues.keys() == {"redrive", "publish", "calls", "dead letters"}
    assert (
        variables["CONSOLE_ADDRESS"]["Fn::Sub"] + "/signed-in"
        == properties("ConsoleClient")["CallbackURLs"][0]["Fn::Sub"]
    )


def test_no_secret_is_in_the_environment() -> None:
    """The client's secret is read from Cognito, by the function's role."""
    assert "ClientSecret" not in json.dumps(made())
    assert [
        it["Resource"] for it in statements("ConsoleRole", made()) if "cognito-idp" in json.dumps(it["Action"])
    ] == [{"Fn::GetAtt": ["ConsoleUsers", "Arn"]}]


def test_role_writes_sessions_and_records_only() -> None:
    """Whatever happens, the function can't change calls, events or destinations, nor read any table as a whole."""
    written = []
    for statement in statements("ConsoleRole", made()):
        actions = as_list(statement["Action"])
        assert "dynamodb:Scan" not in actions
        if any(name.startswith(("dynamodb:Put", "dynamodb:Update", "dynamodb:Delete")) for name in actions):
            written.append((statement["Resource"]["Fn::GetAtt"][0], statement.get("Condition")))
        assert not any(name.startswith(("sqs:Send", "sqs:Receive", "sns:", "kms:Encrypt")) for name in actions)
    keys = {"dynamodb:LeadingKeys": f"{PREFIX}*"}
    records = {"ForAllValues:StringLike": keys, "Null": {"dynamodb:LeadingKeys": "false"}}
    assert written == [("EventsTable", records), ("SessionsTable", None)]
    assert not {CALL, LEG, PARTY, QUARANTINE, "state", "test"} & {PREFIX.partition("-")[0]}


def test_what_the_function_may_have_done() -> None:
    """It invokes the four functions that do what operators ask for, under the names that its settings have."""
    (invoking,) = [it for it in statements("ConsoleRole", made()) if it["Action"] == "lambda:InvokeFunction"]
    asked = {it["Fn::GetAtt"][0] for it in invoking["Resource"]}
    assert asked == {"Destinations", "Send", "Redrive", "Reconcile"}
    variables = properties("ConsoleFunction")["Environment"]["Variables"]
    assert {value["Ref"] for name, value in variables.items() if name.endswith("_FUNCTION")} == asked


def test_time_for_an_action() -> None:
    """The function outlasts the wait for another one, and answers before API Gateway gives up."""
    assert WAIT.seconds + 4 < properties("ConsoleFunction")["Timeout"] < 30


def test_nothing_reads_records_of_actions() -> None:
    """What reads the table's stream names the kinds that it wants, and an action is none of them."""
    sources = [it["Properties"] for it in made().values() if it["Type"] == "AWS::Lambda::EventSourceMapping"]
    streams = [it for it in sources if "FilterCriteria" in it]
    assert len(streams) == 2
    for source in streams:
        for one in source["FilterCriteria"]["Filters"]:
            assert ACTION not in json.loads(one["Pattern"])["dynamodb"]["NewImage"]["kind"]["S"]


def test_sessions_expire() -> None:
    """Sessions are found by their hash only, and DynamoDB deletes those that are over."""
    table, session = properties("SessionsTable"), Session("key", User("1", "", frozenset(), ()), "", 0, 0, 0)
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["session"]
    assert "session" in session.to_item()
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert "expires_at" in session.to_item()
    assert table["SSESpecification"]["SSEType"] == "KMS"
