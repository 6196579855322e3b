"""Both kinds of pytest-localstack session provide working clients, created by the session or by boto3 itself."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest
from pytest_localstack.session import RunningSession

from devtools.inbox import subscribers_policy
from devtools.samlocal.docker import NoDockerError
from tests.integration.sessions import container_session, running_session

if TYPE_CHECKING:
    from devtools.emulator import Emulator


@pytest.fixture(params=["running", pytest.param("container", marks=pytest.mark.docker)])
def session(request: pytest.FixtureRequest) -> Iterator[RunningSession]:
    """A session of each kind."""
    with ExitStack() as undo:
        if request.param == "running":
            emulator: Emulator = request.getfixturevalue("emulator")
            yield undo.enter_context(running_session(emulator.reach.here, emulator.port))
            return
        try:
            container = undo.enter_context(container_session(request.config.getoption("--localstack-image")))
        except NoDockerError as error:
            pytest.skip(str(error))
        yield container


def test_clients_of_the_session(session: RunningSession) -> None:
    """One of its clients receives a message that another one sent."""
    sns, sqs = session.boto3.client("sns"), session.boto3.client("sqs")
    topic = sns.create_topic(Name=f"topic-{uuid4().hex}")["TopicArn"]
    queue = sqs.create_queue(QueueName=f"queue-{uuid4().hex}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": subscribers_policy(arn, topic)})
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw, ReturnSubscriptionArn=True)
    sns.publish(TopicArn=topic, Message="a call was missed")
    messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    assert [message["Body"] for message in messages] == ["a call was missed"]
    sqs.delete_queue(QueueUrl=queue)
    sns.delete_topic(TopicArn=topic)
    sqs.close()
    sns.close()


def test_clients_of_boto3(session: RunningSession) -> None:
    """Within its patch, an ordinary boto3 client reaches the same emulator."""
    name = f"secret-{uuid4().hex}"
    with session.botocore.patch_botocore():
        secrets = boto3.client("secretsmanager")
        secrets.create_secret(Name=name, SecretString="known")
        assert secrets.get_secret_value(SecretId=name)["SecretString"] == "known"
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        secrets.close()
