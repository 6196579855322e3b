"""Answers CloudFormation for the custom resources Custom::DashLogin, Custom::DashWebhooks and Custom::Digest."""

from collections.abc import Mapping
from typing import Any

from hookswitch.cloudformation import content_hash
from hookswitch.cloudformation.custom_resource import respond
from hookswitch.observability.log import logger
from hookswitch.webhooks import dash_login, provisioning, requested


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> None:
    """Handle one request (AWS CloudFormation, "Custom resource request objects")."""
    logger.append_keys(request=event["RequestType"])
    match event["ResourceType"]:
        case content_hash.TYPE:
            respond(content_hash.content_hash, event, context, default_id=content_hash.PHYSICAL_ID)
        case dash_login.TYPE:
            respond(dash_login.check_login, event, context, default_id=dash_login.PHYSICAL_ID)
        case _:
            webhooks = requested.physical_id(event["ResourceProperties"])
            respond(provisioning.provision, event, context, default_id=webhooks)
