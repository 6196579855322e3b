"""Answers CloudFormation for the custom resources Custom::DashWebhooks and Custom::Digest."""

from collections.abc import Mapping
from typing import Any

from hookswitch.cloudformation import content_hash
from hookswitch.cloudformation.custom_resource import respond
from hookswitch.observability.log import logger
from hookswitch.webhooks import provisioning


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> None:
    """Handle one request (AWS CloudFormation, "Custom resource request objects")."""
    logger.append_keys(request=event["RequestType"])
    if event["ResourceType"] == content_hash.TYPE:
        respond(content_hash.content_hash, event, context, default_id=content_hash.PHYSICAL_ID)
    else:
        respond(
            provisioning.provision, event, context, default_id=provisioning.physical_id(event["ResourceProperties"])
        )
