"""The deployer's policy allows what CloudFormation and our own commands need, and nothing else.

CloudFormation calls each service with the permissions of whoever deploys. Which ones that takes, each resource type's
schema says (`handlers`). The emulator does not check them, so these tests compare the policy with the schemas; that the
commands' own calls are allowed is shown on the emulator, in tests/integration/test_deploying.py.
"""

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from devtools.local import REGION, ROOT
from devtools.template import expanded
from simulator.tests.each import for_each
from tests.template.views import EVERYTHING

POLICY = json.loads((ROOT / "operations" / "deployer-policy.json").read_text(encoding="utf-8"))
CONSOLE = json.loads((ROOT / "operations" / "deployer-policy-console.json").read_text(encoding="utf-8"))
LARGEST = 6144  # characters without white space ("IAM and AWS STS quotas")
READING = re.compile(r"(Get|List|Describe)\*")

# What the schemas name and no stack of ours needs, by reason. With a key of yours, see docs/encryption.md.
UNUSED: Mapping[str, str] = {
    "a feature that the template does not use": (
        r"ec2:.*|elasticfilesystem:.*|s3files:.*|kinesis:.*|firehose:.*|s3:REST.*|s3:GetObjectMetadata"
        r"|lambda:(Put|Delete)\w*(ProvisionedConcurrency|CodeSigning|Scaling|Recursion|RuntimeManagement)Config"
        r"|lambda:(GetCodeSigningConfig|PassCapacityProvider|AssociateRuntimeAlias)"
        r"|dynamodb:(\w*Replica|\w*Import\w*|(En|Dis|Upd)\w*(KinesisStreaming|ContributorIns)\w*|(Put|Delete)ResourcePolicy)"
        r"|dynamodb:(BatchWriteItem|PutItem|UpdateItem|Query|Scan)|iam:\w*(Group|User)Policy|iam:\w*PermissionsBoundary"
        r"|iam:CreateServiceLinkedRole|logs:(Create|Put|Delete)(LogDelivery|IndexPolicy|ResourcePolicy|DataProtectionPolicy)"
        r"|logs:(PutBearerTokenAuthentication|PutLogGroupDeletionProtection|CreateLogStream|DescribeLogStreams|PutLogEvents)"
        r"|cloudfront:updateDistribution|s3:getObject|kms:ReEncrypt(From|To)"  # own domains, keys and definitions
        r"|sns:PutDataProtectionPolicy|secretsmanager:\w*Replica\w*"
        r"|kms:(Disable\w*|EnableKey)"
    ),
    "KmsKeyArn": r"kms:(CreateGrant|Decrypt|Encrypt|GenerateDataKey|RetireGrant|RevokeGrant)\w*|logs:\w*KmsKey",
    "Canary": r"codedeploy:.*",
}
# What our own commands call, besides CloudFormation.
COMMANDS = {
    # sam package, and the stack of its bucket
    *(f"cloudformation:{name}" for name in ("CreateChangeSet", "DescribeChangeSet", "DescribeStacks", "UpdateStack")),
    *(f"cloudformation:{name}" for name in ("ExecuteChangeSet", "GetTemplate", "GetTemplateSummary", "TagResource")),
    *(f"s3:{name}" for name in ("CreateBucket", "GetBucketLocation", "GetBucketPolicy", "GetEncryptionConfiguration")),
    *(f"s3:{name}" for name in ("GetObject", "ListBucket", "PutBucketPolicy", "PutBucketPublicAccessBlock")),
    *(f"s3:{name}" for name in ("PutBucketTagging", "PutBucketVersioning", "PutEncryptionConfiguration", "PutObject")),
    # make deploy and make remove
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeStackEvents",
    "cloudformation:ListStackResources",
    "dynamodb:ListTables",
    "lambda:GetAccountSettings",
    "lambda:InvokeFunction",  # CloudFormation, for the custom resources
    # make doctor
    "cloudwatch:GetMetricStatistics",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "sqs:ReceiveMessage",
    # make events, make calls and make call
    "dynamodb:BatchGetItem",
    # make backfill-calls, which also invokes a function and queries
    "dynamodb:DescribeTable",
    # tags of managed policies, with a `tags` table in hookswitch.toml
    "iam:TagPolicy",
    "iam:UntagPolicy",
}
OF_OPTIONS = {"AWS::ApiGateway::Account", "AWS::WAFv2::WebACLAssociation"}  # AccessLog and WebAclArn
OF_CONSOLE = re.compile("AWS::(ApiGatewayV2|Cognito)::.*")
KINDS = sorted(
    {
        it["Type"]
        for it in expanded(**EVERYTHING)["Resources"].values()
        if it["Type"].startswith("AWS::") and it["Type"] not in OF_OPTIONS
    }
)


def allowed(policy: Mapping[str, Any] = POLICY) -> Iterator[tuple[str, str]]:
    """Yield each action of a policy with each resource that it is allowed on."""
    for statement in policy["Statement"]:
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                yield action, resource


@cache
def needed(kind: str) -> frozenset[str]:
    """Return the actions that CloudFormation needs for a type as the template has it."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema["handlers"]
    names = {
        it for name in ("create", "read", "update", "delete") for it in handlers.get(name, {}).get("permissions", [])
    }
    return frozenset(name for name in names if not any(re.fullmatch(pattern, name) for pattern in UNUSED.values()))


@for_each("kind", KINDS)
def test_cloudformation_may(kind: str) -> None:
    """CloudFormation may do with each type whatever the type's schema says that it must."""
    policies = [POLICY, CONSOLE] if OF_CONSOLE.fullmatch(kind) else [POLICY]
    actions = {action for policy in policies for action, _ in allowed(policy)}
    assert [name for name in needed(kind) if not any(fnmatchcase(name, action) for action in actions)] == []


@for_each("action", sorted(COMMANDS))
def test_commands_may(action: str) -> None:
    """So may our own commands."""
    assert [name for name, _ in allowed() if fnmatchcase(action, name)]


@for_each("action", sorted({action for policy in (POLICY, CONSOLE) for action, _ in allowed(policy)}))
def test_nothing_else_is_allowed(action: str) -> None:
    """Every action is needed, and only reading has a wildcard."""
    assert "*" not in action or READING.fullmatch(action.partition(":")[2])
    everything = COMMANDS.union(*map(needed, KINDS))
    assert [name for name in everything if fnmatchcase(name, action)]


def test_only_what_belongs_to_a_stack() -> None:
    """What changes anything names resources of a stack called hookswitch or like it, where the service allows that."""
    unnamed = {action for action, resource in allowed() if resource == "*" and not action.startswith("kms:")}
    assert {name for name in unnamed if not re.match(r"\w+:(Get|List|Describe)", name)} == {
        "lambda:CreateEventSourceMapping",  # its resource is generated
        "sns:SetSubscriptionAttributes",  # the service authorization reference of SNS has no resource for these two
        "sns:Unsubscribe",
    }
    for action, resource in allowed():
        if action.startswith(("iam:", "dynamodb:Delete", "sqs:", "sns:", "events:")) and action not in unnamed:
            assert "hookswitch" in resource


def test_users_of_the_console_are_managed_by_stacks_only() -> None:
    """A pool's ARN is generated, so the policy lets nobody make or change users but CloudFormation, for a stack."""
    found = [it for it in CONSOLE["Statement"] if any(action.startswith("cognito-idp:") for action in it["Action"])]
    assert [it.get("Condition") for it in found] == [
        {"ForAnyValue:StringEquals": {"aws:CalledVia": ["cloudformation.amazonaws.com"]}}
    ] * 2


def test_keys_are_made_by_stacks_only() -> None:
    """A key's ARN is generated, so the policy lets nobody manage keys but CloudFormation, for a stack."""
    found = [it for it in POLICY["Statement"] if any(action.startswith("kms:") for action in it["Action"])]
    assert [it.get("Condition") for it in found] == [
        {"ForAnyValue:StringEquals": {"aws:CalledVia": ["cloudformation.amazonaws.com"]}}
    ]


def test_roles_go_to_services_only() -> None:
    """A role may be passed only if it is a stack's, and only to the services that the stack gives roles to."""
    (statement,) = [it for it in POLICY["Statement"] if it["Action"] == ["iam:PassRole"]]
    assert statement["Resource"] == ["arn:aws:iam::*:role/hookswitch*"]
    trusted = {
        service
        for it in expanded(**EVERYTHING)["Resources"].values()
        if it["Type"] == "AWS::IAM::Role" and it.get("Condition") not in {"DeploysGradually", "SetsAccountRole"}
        for trust in it["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        for service in [trust["Principal"]["Service"]]
    }
    assert set(statement["Condition"]["StringEquals"]["iam:PassedToService"]) == trusted


def test_it_fits() -> None:
    """It is small enough for a managed policy."""
    assert len(json.dumps(POLICY, separators=(",", ":"))) <= LARGEST
