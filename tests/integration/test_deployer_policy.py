"""With IAM enforced: a role that has the deployer's policy and nothing else deploys, examines, updates and removes."""

import json
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from devtools import aws
from devtools.local import DASH_ACCOUNT_ID, DASH_API_KEY, REGION, ROOT, STACK_NAME
from tests.integration.here import Here
from tests.integration.operators import TRUST

POLICY = (ROOT / "operations" / "deployer-policy.json").read_text(encoding="utf-8")
DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}


@pytest.fixture(scope="module")
def deployer(here: Here) -> boto3.Session:
    """A session of a role with the policy."""
    root = cast("Any", aws.SESSION)
    iam, sts = (root.client(name, endpoint_url=here.endpoint, config=aws.CONFIG) for name in ("iam", "sts"))
    arn = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="deployer", PolicyName="deployer", PolicyDocument=POLICY)
    given = sts.assume_role(RoleArn=arn, RoleSessionName="a-pipeline")["Credentials"]
    return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], REGION)


def run(here: Here, deployer: boto3.Session, *words: str) -> str:
    """Run a command with the role's credentials, which must succeed, and return its screen."""
    found = deployer.get_credentials()
    assert found is not None
    done = here.run(
        *words,
        DASH_ACCOUNT_ID=DASH_ACCOUNT_ID,
        DASH_API_KEY=DASH_API_KEY,
        AWS_ACCESS_KEY_ID=str(found.access_key),
        AWS_SECRET_ACCESS_KEY=str(found.secret_key),
        AWS_SESSION_TOKEN=str(found.token),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_deployer(here: Here, deployer: boto3.Session) -> None:
    """It deploys a stack that works, updates it, and removes it."""
    assert "It works." in run(here, deployer, "deploy"), "says the examination that each deployment ends with"
    assert here.stacks == [STACK_NAME]
    assert "resources are updated" in run(here, deployer, "deploy", "--set", "RetentionDays=90")
    run(here, deployer, "remove")
    assert here.stacks == []
    assert here.api.dash.webhooks(DASH_ACCOUNT_ID) == []


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
def test_deployer_does_nothing_else(
    here: Here, deployer: boto3.Session, service: str, operation: str, asked: dict[str, str]
) -> None:
    """It can't touch what belongs to no stack called hookswitch or like it."""
    client = cast("Any", deployer).client(service, endpoint_url=here.endpoint, config=aws.CONFIG)
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**asked)
    assert caught.value.response["Error"]["Code"] in DENIED
