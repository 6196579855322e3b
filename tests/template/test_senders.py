"""Who may reach the queues and the topics, as the template says; tests/integration/test_permissions.py shows it."""

from collections.abc import Mapping
from typing import Any

import pytest

from devtools.template import ASKED, parsed, resources
from tests.permissions import allowed, as_list
from tests.template.views import OPERATOR, fits, made, of_type

MADE_AGAIN = {"CallsQueue", "SendQueue", "RetryQueue"}  # queues whose messages can be made again from a table
SENDERS = {
    "RedriveQueue": ["HookRole"],
    "PublishDeadLetterQueue": ["PublishRole", "CallsRole"],
    "CallsQueue": ["CallsRole"],
    "SendQueue": ["RouteRole", "SendRole", "DestinationsRole"],
    "RetryQueue": ["RouteRole", "SendRole", "DestinationsRole"],
}
OF_SNS = ("DestinationEventsQueue", "RefusedEventsQueue")  # queues that the topic of events sends to
PUBLISHERS = {"EventsTopic": ["PublishRole", "CallsRole"], "TestTopic": ["PublishRole"]}


def denials(policy: str, *, guarded: bool = False) -> dict[str, Mapping[str, Any]]:
    """Return the statements of a queue's or topic's policy that deny, by id; only a queue of SNS has another."""
    found = made(guarded=guarded)[policy]["Properties"]["PolicyDocument"]["Statement"]
    denying = {it["Sid"]: it for it in found if (it["Effect"], it["Principal"]) == ("Deny", "*")}
    assert len(found) == len(denying) + (policy in {f"{queue}Policy" for queue in OF_SNS})
    return denying


@pytest.mark.parametrize("queue", SENDERS)
def test_who_may_send(queue: str) -> None:
    """Only the roles that have to, and the operator's if there is one, may send to a queue that a function reads."""
    for guarded, others in ((False, []), (True, [OPERATOR])):
        (sending,) = [it for it in denials(f"{queue}Policy", guarded=guarded).values() if it["Action"] != "sqs:*"]
        assert (sending["Action"], sending["Resource"]) == ("sqs:SendMessage", {"Fn::GetAtt": [queue, "Arn"]})
        assert sending["Condition"] == {
            "ArnNotEquals": {"aws:PrincipalArn": [*({"Fn::GetAtt": [role, "Arn"]} for role in SENDERS[queue]), *others]}
        }
        sending_roles = {it.role for it in allowed(made()) if (it.action, it.resource) == ("sqs:SendMessage", queue)}
        assert sending_roles == set(SENDERS[queue])


def test_nobody_sends_dead_letters() -> None:
    """No principal with an ARN may send there, not even the operator, since redriven messages are trusted."""
    sending = denials("DeadLetterQueuePolicy", guarded=True)["OnlySqsItselfSends"]
    assert sending["Action"] == "sqs:SendMessage"
    assert sending["Condition"] == {"Null": {"aws:PrincipalArn": "false"}}


@pytest.mark.parametrize("queue", OF_SNS)
def test_only_the_topic_sends_to_its_queue(queue: str) -> None:
    """SNS may send events to the queues of destinations, in the name of the topic only; and the operator's role may."""
    topic = {"Ref": "EventsTopic"}
    for guarded, others in ((False, {}), (True, {"aws:PrincipalArn": OPERATOR})):
        sending, *_ = made(guarded=guarded)[f"{queue}Policy"]["Properties"]["PolicyDocument"]["Statement"]
        assert (sending["Effect"], sending["Principal"]) == ("Allow", {"Service": "sns.amazonaws.com"})
        assert sending["Condition"] == {"ArnEquals": {"aws:SourceArn": topic}}
        denied = denials(f"{queue}Policy", guarded=guarded)["OnlyEventsTopicSends"]
        assert denied["Condition"] == {"ArnNotEquals": {"aws:SourceArn": topic} | others}
        assert sending["Action"] == denied["Action"] == "sqs:SendMessage"
        assert sending["Resource"] == denied["Resource"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert not [it for it in allowed(made()) if (it.action, it.resource) == ("sqs:SendMessage", queue)]


def test_no_queue_takes_dead_letters_of_another() -> None:
    """No foreign queue may use one of ours as its dead-letter queue, which would bypass the policy."""
    for queue in (*SENDERS, *OF_SNS):
        assert made()[queue]["Properties"]["RedriveAllowPolicy"] == {"redrivePermission": "denyAll"}


@pytest.mark.parametrize("topic", PUBLISHERS)
def test_who_may_publish(topic: str) -> None:
    """Only the roles of the functions that publish there may; subscribing is left to the account's own policies."""
    (publishing,) = [it for it in denials(f"{topic}Policy").values() if it["Action"] == "sns:Publish"]
    assert publishing["Resource"] == {"Ref": topic}
    named = as_list(publishing["Condition"]["ArnNotEquals"]["aws:PrincipalArn"])
    assert named == [{"Fn::GetAtt": [role, "Arn"]} for role in PUBLISHERS[topic]]
    may = {it.role for it in allowed(made()) if (it.action, it.resource) == ("sns:Publish", topic)}
    assert may == set(PUBLISHERS[topic])


def test_nothing_goes_over_plain_http() -> None:
    """Every queue and the topics refuse calls without TLS."""
    queues = of_type("AWS::SQS::Queue", {"Resources": made()})
    policies = of_type("AWS::SQS::QueuePolicy", {"Resources": made()})
    assert sorted(it["Queues"][0]["Ref"] for it in policies.values()) == sorted(queues)
    for policy in [*policies, *(f"{topic}Policy" for topic in PUBLISHERS)]:
        plain = denials(policy)["OnlyOverTls"]
        assert plain["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert plain["Action"] in ("sqs:*", ["sns:Publish", "sns:Subscribe"])


def test_queues_outlive_the_stack() -> None:
    """Queues are retained when the stack is deleted, but not when its creation fails.

    Those go with the stack whose messages can be made again from a table.
    """
    for name in of_type("AWS::SQS::Queue", {"Resources": made()}):
        kept = (made()[name].get("DeletionPolicy"), made()[name].get("UpdateReplacePolicy"))
        assert kept == ((None, None) if name in MADE_AGAIN else ("RetainExceptOnCreate", "Retain")), name


@pytest.mark.parametrize(
    ("given", "accounts"),
    [("", []), ("111122223333", ["111122223333"]), ("111122223333,444455556666", ["111122223333", "444455556666"])],
)
def test_who_else_may_subscribe(given: str, accounts: list[str]) -> None:
    """Only the accounts that the parameter names may subscribe, and they may do nothing else."""
    policy = resources(parsed(), **ASKED, SubscriberAccounts=given)["EventsTopicPolicy"]["Properties"]
    allowing = [it for it in policy["PolicyDocument"]["Statement"] if it["Effect"] == "Allow"]
    assert [it["Principal"] for it in allowing] == ([{"AWS": accounts}] if accounts else [])
    for statement in allowing:
        assert set(statement["Action"]) == {"sns:Subscribe", "sns:GetTopicAttributes"}
        assert statement["Resource"] == {"Ref": "EventsTopic"}


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ("111122223333", True),
        ("111122223333,444455556666", True),
        ("11112222333", False),
        ("111122223333, 444455556666", False),
        ("*", False),
        ("arn:aws:iam::111122223333:root", False),
    ],
)
def test_subscribers_are_accounts(given: str, *, accepted: bool) -> None:
    """Nothing but account ids can be named, so nobody lets everyone subscribe by mistake."""
    assert fits(given, parsed()["Parameters"]["SubscriberAccounts"]) is accepted
