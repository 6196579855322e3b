"""The operator whose role a stack knows as OperatorRoleArn: nobody else may put messages into its queues by hand."""

import json
from typing import Any, cast

import boto3

from tools import aws
from tools.local import REGION

NAME = "operator"
ARN = f"arn:aws:iam::000000000000:role/{NAME}"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
QUEUES = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}],
}


def session(endpoint: str) -> boto3.Session:
    """Make the role on an emulator that has none yet, and return a session of it."""
    root = cast("Any", aws.SESSION)
    iam, sts = (root.client(name, endpoint_url=endpoint, config=aws.CONFIG) for name in ("iam", "sts"))
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName=NAME, PolicyName="queues", PolicyDocument=json.dumps(QUEUES))
    given = sts.assume_role(RoleArn=ARN, RoleSessionName="a-person")["Credentials"]
    return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], REGION)
