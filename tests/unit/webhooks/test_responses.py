"""Responses to CloudFormation: they fit its limit, are repeated, and reveal nothing."""

import io
import json
import logging
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookswitch.cloudformation import custom_resource
from hookswitch.cloudformation.custom_resource import FailedError, Request, Success, respond
from hookswitch.dash.hooks import SELECTABLE_HOOKS
from hookswitch.observability.log import logger
from hookswitch.webhooks import provisioning, requested
from hookswitch.webhooks.desired import Desired
from simulator.api import DashApi
from simulator.dash import DEFAULT_API_KEY, Dash
from simulator.faults import Fault
from tests.unit.doubles import (
    ACCOUNT,
    CALLBACK,
    CREDENTIALS,
    SECRET,
    Answers,
    Context,
    Secrets,
    answering,
    event,
    properties,
)
from tests.unit.webhooks.requests import ID, CloudFormation


def test_answer_is_repeated(cloudformation: CloudFormation, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that S3 does not take is sent again for as long as the function has time."""
    monkeypatch.setattr(custom_resource, "PAUSES", (0.01,))
    answers.refuse = 40
    assert cloudformation.create()["Status"] == "SUCCESS"


def test_no_secret_in_logs_or_answers(
    cloudformation: CloudFormation,
    api: DashApi,
    answers: Answers,
    secrets: Secrets,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Through success, every kind of failure and retries: no key, token, secret or signed address gets out."""
    lines = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", lines)
    caplog.set_level(logging.DEBUG, "hookswitch")
    old = cloudformation.properties()
    said = [cloudformation.create(), cloudformation.update(old, Retries="1")]
    documents = Desired.from_properties(old).documents(SECRET)
    for fault in (Fault(count=None, status=503), Fault(count=None, drop=True), Fault(method="POST", status=400)):
        api.faults.add(fault)
        answers.refuse = 1
        said += [cloudformation.update(old, Retries="2"), cloudformation.delete(), cloudformation.create()]
        api.faults.clear()
    secrets.put(CREDENTIALS, json.dumps({"api_key": "f" * 64}))
    said += [cloudformation.update(old), cloudformation.create(CustomData="{x}")]
    out = lines.getvalue() + caplog.text + json.dumps(said)
    private = [DEFAULT_API_KEY, "f" * 64, SECRET, "a-signature"]
    private += [document["uri"].rpartition("/")[2] for document in documents.values()]
    assert "Responded to CloudFormation." in out
    assert not [text for text in private if text in out]


@pytest.mark.parametrize("seconds", [1, 6, 12, 20, 60, 300, 900])
def test_time_is_kept(answers: Answers, seconds: int) -> None:
    """However little time a function has, a part of it is kept to undo what was begun, and then one to respond."""
    requests: list[Request] = []

    def keep(request: Request) -> Success:
        requests.append(request)
        return Success(ID)

    began = time.monotonic()
    respond(keep, event("Create", answers.url, properties()), Context(seconds), default_id=ID)
    work, cleanup = requests[0].work_until - began, requests[0].cleanup_until - began
    assert work + seconds / 10 < cleanup < seconds


def test_id_names_stack_and_account_only() -> None:
    """No other property makes another resource."""
    assert (
        requested.physical_id(properties(Retries="0", ApiUrl="https://example.com", CallbackSecretArn=CALLBACK + "2"))
        == ID
    )


@pytest.mark.parametrize(
    "text", ["\u00e9" * 780, "\U0001f4de" * 390, '\\"' * 390, "x" * 2500], ids=["accents", "emoji", "quotes", "long"]
)
def test_too_long_to_answer(cloudformation: CloudFormation, dash: Dash, answers: Answers, text: str) -> None:
    """What CloudFormation would not take as an answer is refused before anything is registered, in so many bytes."""
    answer = cloudformation.create(CustomData=json.dumps({"k": text}, ensure_ascii=False))
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", ID + provisioning.NOTHING_CREATED)
    assert "bytes too long" in answer["Reason"]
    assert max(answers.sizes) <= 4096
    assert not dash.webhooks(ACCOUNT)


def test_longest_values_of_the_template(cloudformation: CloudFormation, answers: Answers) -> None:
    """Values of the template's greatest lengths are registered, with an answer of at most 4096 bytes."""
    answer = cloudformation.create(
        Hooks=",".join(SELECTABLE_HOOKS),
        CustomData=json.dumps({"k": "x" * 790}),
        CallbackBaseUrl=f"https://{'d' * 235}.example.com",
        NamePrefix="p" * 40,
    )
    assert answer["Status"] == "SUCCESS"
    assert max(answers.sizes) <= 4096


@given(st.text(min_size=500, max_size=5000))
@settings(max_examples=50, deadline=None)
def test_reason_is_cut_to_fit(reason: str) -> None:
    """Whatever a reason is made of, the answer's bytes are at most 4096, and it begins as the reason does."""

    def fails(_: Request) -> Success:
        raise FailedError(reason, ID)

    with answering() as answers:
        respond(fails, event("Create", answers.url, properties()), Context(), default_id=ID)
    assert answers.sizes[0] <= 4096
    said = answers.only["Reason"]
    assert said == reason or (said.endswith("...") and reason.startswith(said.removesuffix("...")))
    assert said == reason or answers.sizes[0] > 4096 - 12
