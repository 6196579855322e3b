"""`make deploy`, `make doctor` and `make remove` as a person runs them: at a terminal, against a whole emulator.

The tests are one story in the order of this file: a first deployment, its examination, an update, a removal. IAM is
enforced, and the person has operations/deployer-policy.json and no other permission.
"""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import boto3
import pexpect
import pytest
from botocore.exceptions import ClientError

from devtools import aws, stack
from devtools.local import DASH_ACCOUNT_ID, DASH_API_KEY, REGION, ROOT, STACK_NAME
from devtools.template import parsed
from devtools.variables import names
from simulator.payloads import payload
from tests.integration.here import COLUMNS, ESCAPE, MINUTES, Here
from tests.integration.operators import TRUST

POLICY = (ROOT / "operations" / "deployer-policy.json").read_text(encoding="utf-8")
DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
QUESTION = re.compile(r"\n\s*(?:\x1b\[[0-9;]*m)*(?P<what>[A-Z#][^\r\n]*?)(?:\x1b\[[0-9;]*m)*(?: \[[^\r\n]*\])?: $")


@pytest.fixture(scope="module")
def deployer(here: Here) -> Here:
    """The same machine, in the hands of somebody who may do what the policy for deployers allows."""
    root = cast("Any", aws.SESSION)
    iam, sts = (root.client(name, endpoint_url=here.endpoint, config=aws.CONFIG) for name in ("iam", "sts"))
    arn = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="deployer", PolicyName="deployer", PolicyDocument=POLICY)
    given = sts.assume_role(RoleArn=arn, RoleSessionName="a-person")["Credentials"]
    credentials = {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }
    return replace(here, environment={**here.environment, **credentials})


def lines_of(screen: str) -> list[str]:
    """Return the lines that a terminal shows, without spaces at their ends."""
    return [line.rpartition("\r")[2].rstrip() for line in screen.replace("\r\n", "\n").split("\n")]


def test_missing_answers_in_a_pipeline(deployer: Here) -> None:
    """It says what is missing and where to put it, and makes nothing."""
    done = deployer.run("deploy")
    assert done.returncode == 1
    assert "DashApiKey is missing. Set the environment variable DASH_API_KEY" in done.stderr
    assert deployer.stacks == []


def test_wrong_key(deployer: Here) -> None:
    """The login is tried before anything is made."""
    done = deployer.run("deploy", DASH_ACCOUNT_ID=DASH_ACCOUNT_ID, DASH_API_KEY="f" * 64)
    assert done.returncode == 1
    assert "✗  Dash login" in done.stdout
    assert "Dash does not know this API key" in " ".join(done.stdout.split())
    assert "Nothing has been made" in done.stderr
    assert deployer.stacks == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (f"DashApiKey={DASH_API_KEY}", "must not be on a command line"),
        ("RetentoinDays=90", "Did you mean RetentionDays?"),
        ("RetentionDays=ninety", "RetentionDays: 'ninety' is not a number."),
        ("PayloadFormat=xml", "Use one of: json, form-data."),
        ("BusinessHours=25", "must be hours such as 9-16"),
        ("RetentionDays", "SET needs name=value"),
    ],
)
def test_setting_that_cannot_be_used(deployer: Here, settings: str, said: str) -> None:
    """It is refused at once, by CloudFormation's own rules."""
    done = deployer.run("deploy", "--set", settings, DASH_ACCOUNT_ID=DASH_ACCOUNT_ID, DASH_API_KEY=DASH_API_KEY)
    assert done.returncode == 1
    assert said in done.stderr
    assert DASH_API_KEY not in done.stdout + done.stderr


def test_three_answers(deployer: Here) -> None:
    """Three answers make a stack that works; a wrong one is asked again, and the key is never shown."""
    code, screen = deployer.talk(
        "deploy",
        answers=[
            ("Dash API key (not shown): ", DASH_API_KEY),
            ("Dash account id (32 hexadecimal digits): ", "no-account"),
            ("Dash account id (32 hexadecimal digits): ", DASH_ACCOUNT_ID),
            ("E-mail address for alarms and missed calls", "office@example.com"),
        ],
    )
    assert code == 0, screen
    assert DASH_API_KEY not in screen
    assert "'no-account' can't be used; it must be 32 lowercase hexadecimal digits" in " ".join(screen.split())
    assert lines_of(screen)[-2] == "It works."
    assert max(map(len, lines_of(screen))) <= COLUMNS
    assert deployer.stacks == [STACK_NAME]
    assert len(deployer.api.dash.webhooks(DASH_ACCOUNT_ID)) == 14


def test_doctor_of_a_stack_that_works(deployer: Here) -> None:
    """All hooks store and publish a test delivery, of which nothing is left."""
    done = deployer.run("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "14 of 14 hooks stored and published one" in done.stdout
    assert "refused with 403" in done.stdout
    assert "✗" not in done.stdout
    assert not [key for key in deployer.items(deployer.table) if key.startswith("test-")]
    sqs = aws.sqs(deployer.endpoint)
    assert not [url for url in sqs.list_queues().get("QueueUrls", []) if "doctor" in url]


def test_variables(deployer: Here) -> None:
    """A shell can evaluate them; those of the runbook's commands are among them."""
    done = deployer.run("variables")
    script = f'{done.stdout}\necho "$EVENTS_TABLE_NAME $DEAD_LETTER_QUEUE_ARN $RECONCILE $EVENTS_STREAM_ARN"'
    said = subprocess.run(["sh", "-uc", script], capture_output=True, text=True, check=True).stdout.split()  # noqa: S603, S607
    assert said[0] == deployer.table
    assert said[1].startswith("arn:aws:sqs:")
    assert "Reconcile" in said[2]
    assert said[3].startswith("arn:aws:dynamodb:")
    assert {line.partition("=")[0] for line in done.stdout.splitlines()} <= names(parsed()["Outputs"])


def test_doctor_tells_when_each_hook_was_last_heard_of(deployer: Here) -> None:
    """A hook that has been quiet for two weeks is named, since nobody else would notice."""
    assert "none in 14 days" in deployer.run("doctor").stdout
    deployer.api.dash.fire(DASH_ACCOUNT_ID, "missed_call", payload("missed_call"))
    said = " ".join(deployer.run("doctor").stdout.split())
    assert re.search(r"events missed_call \d+ (seconds?|minutes?) ago", said)
    assert "nothing in 14 days from channel_create" in said


def test_doctor_of_a_disabled_webhook(deployer: Here) -> None:
    """It names the webhook, says why it is off and what to do, and ends with 1 for scripts."""
    webhook = deployer.api.dash.webhooks(DASH_ACCOUNT_ID)[0]
    webhook.enabled, webhook.disable_reason = False, "too many attempts failed"
    done = deployer.run("doctor", "--format", "json")
    assert done.returncode == 1
    assert "too many attempts failed" in done.stdout
    assert "docs/runbook.md#webhook-disabled" in done.stdout
    webhook.enabled, webhook.disable_reason = True, None


def test_doctor_without_the_action_for_missed_calls(deployer: Here) -> None:
    """It says that missed_call can't fire, which is no fault of the stack."""
    flows = deployer.api.dash.callflows
    before = flows[DASH_ACCOUNT_ID]
    for callflows, said in (([], "none of 0 callflows has the action"), (None, "Dash does not show its callflows")):
        flows[DASH_ACCOUNT_ID] = cast("list[dict[str, Any]] | None", callflows)
        done = deployer.run("doctor")
        assert done.returncode == 0
        assert said in " ".join(done.stdout.split())
    flows[DASH_ACCOUNT_ID] = before


def test_update(deployer: Here) -> None:
    """A second run asks for nothing but consent, keeps what was chosen, and says beforehand what changes."""
    webhooks = {webhook.id: webhook.uri for webhook in deployer.api.dash.webhooks(DASH_ACCOUNT_ID)}
    code, screen = deployer.talk("deploy", "--set", "RetentionDays=90", answers=[("Go on? [Y/n]: ", "y")])
    assert code == 0, screen
    assert "resources are updated, 0 are added, 0 are removed" in " ".join(screen.split())
    (stack,) = aws.cloudformation(deployer.endpoint).describe_stacks(StackName=STACK_NAME)["Stacks"]
    given = {it["ParameterKey"]: it["ParameterValue"] for it in stack["Parameters"]}
    assert (given["RetentionDays"], given["AlertEmail"]) == ("90", "office@example.com")
    assert {"Key": "project", "Value": "phones"} in stack["Tags"]
    assert {
        webhook.id: webhook.uri for webhook in deployer.api.dash.webhooks(DASH_ACCOUNT_ID)
    }.keys() == webhooks.keys()


def test_update_to_a_table_that_exists(deployer: Here) -> None:
    """It is refused before anything is built, also for the stack's own table: CloudFormation would try to make it."""
    done = deployer.run("deploy", "--set", f"EventsTableName={deployer.table}")
    assert done.returncode == 1
    assert "only a new stack can use a table that does" in " ".join(done.stdout.split())
    assert "Nothing has been made." in done.stderr


def test_deployment_that_fails(deployer: Here) -> None:
    """One sentence says what CloudFormation could not do, and the stack is as before."""
    acl = f"arn:aws:wafv2:{REGION}:000000000000:regional/webacl/office/{'0' * 8}-0000-0000-0000-{'0' * 12}"
    done = deployer.run("deploy", "--set", f"WebAclArn={acl}")  # a type of resource that the emulator refuses
    assert done.returncode == 1
    assert "AWS::WAFv2::WebACLAssociation" in done.stderr


def test_removal_and_deployment_over_the_old_table(deployer: Here) -> None:
    """The webhooks and the stack go, the events stay, and the next stack goes on with them."""
    dash = deployer.api.dash
    dash.fire(DASH_ACCOUNT_ID, "missed_call", payload("missed_call"))
    table = deployer.table
    kept = {key for key in deployer.items(table) if not key.startswith("state-")}
    assert kept
    code, screen = deployer.talk("remove", answers=[("Remove hookswitch and its webhooks? [y/N]", "y")])
    assert code == 0, screen
    assert deployer.stacks == []
    assert dash.webhooks(DASH_ACCOUNT_ID) == []
    assert kept <= set(deployer.items(table))
    assert "aws kms schedule-key-deletion --key-id" in screen, "the key of destinations stays, and costs"
    command = re.search(r'make deploy SET="(\S+)"', screen)
    assert command
    done = deployer.run("deploy", "--set", command[1], DASH_ACCOUNT_ID=DASH_ACCOUNT_ID, DASH_API_KEY=DASH_API_KEY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert deployer.table == table
    assert kept <= set(deployer.items(table))


def test_removal_of_everything(deployer: Here) -> None:
    """The stack's name has to be typed, and then nothing is left; a pipeline can't do that."""
    table = deployer.table
    assert "has to be confirmed at a terminal" in deployer.run("remove", "--everything", "yes").stderr
    question = "Type hookswitch to delete everything"
    code, _ = deployer.talk("remove", "--everything", "yes", answers=[(question, "yes")])
    assert code == 1
    assert deployer.stacks == [STACK_NAME]
    code, screen = deployer.talk("remove", "--everything", "yes", answers=[(question, "hookswitch")])
    assert code == 0, screen
    assert deployer.stacks == []
    assert table not in aws.dynamodb(deployer.endpoint).list_tables()["TableNames"]
    assert not aws.sqs(deployer.endpoint).list_queues().get("QueueUrls")


def test_commands_without_a_stack(deployer: Here) -> None:
    """They say that there is none, and how to make one."""
    for words in (("doctor",), ("remove",)):
        done = deployer.run(*words)
        assert done.returncode == 1
        assert "There is no stack hookswitch in us-east-1. Deploy it with `make deploy`" in done.stderr


def test_nothing_secret_is_left_on_this_machine(deployer: Here) -> None:
    """Neither the logs of sam nor the packaged template have the key."""
    del deployer
    files = [*Path(ROOT / ".local").glob("*.log"), *Path(ROOT / ".local" / "deploy").rglob("*.json")]
    assert files
    assert not [file for file in files if DASH_API_KEY in file.read_text(errors="replace")]


def test_guided_deployment_of_sam(deployer: Here, built: Path, tmp_path: Path) -> None:
    """`sam deploy --guided` gets to its end, with Enter for all but the two that have no default."""
    environment = {**stack.environment(deployer.endpoint), "TERM": "xterm", "HOME": str(tmp_path)}
    shutil.copy(ROOT / "samconfig.toml", tmp_path)
    words = ["deploy", "--guided", "--template-file", str(built / "template.yaml"), "--config-file"]
    child = pexpect.spawn(
        str(stack.SAM),
        [*words, str(tmp_path / "samconfig.toml")],
        cwd=str(tmp_path),
        env=cast("Any", environment),
        dimensions=(60, 200),
        timeout=MINUTES,
        encoding="utf-8",
    )
    answers = {
        "Stack Name": "guided",
        "Parameter DashAccountId": DASH_ACCOUNT_ID,
        "Parameter DashApiKey": DASH_API_KEY,
        "Parameter DashApiUrl": deployer.api.url,
        "Confirm changes before deploy": "n",
        "Save arguments to configuration file": "n",
    }
    asked: list[str] = []
    while child.expect([QUESTION, pexpect.EOF]) == 0:
        asked.append(ESCAPE.sub("", cast("re.Match[str]", child.match)["what"]))
        child.sendline(next((answer for name, answer in answers.items() if asked[-1].startswith(name)), ""))
    child.close()
    assert child.exitstatus == 0, child.before
    assert len([name for name in asked if name.startswith("Parameter ")]) == len(parsed()["Parameters"])
    assert "guided" in deployer.stacks


@pytest.mark.parametrize(
    ("service", "operation", "asked"),
    [
        ("cloudformation", "delete_stack", {"StackName": "another-stack"}),
        ("iam", "create_role", {"RoleName": "another-role", "AssumeRolePolicyDocument": json.dumps(TRUST)}),
        ("sqs", "create_queue", {"QueueName": "another-queue"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "another-secret"}),
        ("s3", "create_bucket", {"Bucket": "another-bucket"}),
        ("iam", "list_users", {}),
    ],
)
def test_deployer_does_nothing_else(deployer: Here, service: str, operation: str, asked: dict[str, str]) -> None:
    """The policy allows nothing about what belongs to no stack called hookswitch or like it."""
    environment = deployer.environment
    session: Any = boto3.Session(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], environment["AWS_SESSION_TOKEN"], REGION
    )
    client = session.client(service, endpoint_url=deployer.endpoint, config=aws.CONFIG)
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**asked)
    assert caught.value.response["Error"]["Code"] in DENIED
