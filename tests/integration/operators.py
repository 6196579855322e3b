"""Roles for people: the operator, which stacks know as OperatorRoleArn, and others.

Only the operator may put messages into a stack's queues manually.
"""

import json
from typing import Any, cast

import boto3

from devtools import aws
from devtools.local import REGION

NAME = "operator"
ARN = f"arn:aws:iam::000000000000:role/{NAME}"
SUBSCRIBER = "111122223333"  # an account that stacks know as one of SubscriberAccounts
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "sns:*"], "Resource": "*"}],
}


def session(endpoint: str, name: str = NAME) -> boto3.Session:
    """Create a role with full access to queues and topics, and return a session with it."""
    root = cast("Any", aws.SESSION)
    iam, sts = (root.client(name, endpoint_url=endpoint, config=aws.CONFIG) for name in ("iam", "sts"))
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=json.dumps(EVERYTHING))
    given = sts.assume_role(RoleArn=role, RoleSessionName="a-person")["Credentials"]
    return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], REGION)
