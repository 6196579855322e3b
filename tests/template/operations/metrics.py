"""The metrics that exist, so that nothing watches one that is never emitted."""

from collections.abc import Mapping
from typing import Any

from devtools.template import parsed

OURS = "Hookswitch"
FILTER = "${AWS::StackName}-function_errors"

# AWS's own, with the dimensions that they are used with here. Sources: "Amazon API Gateway dimensions and metrics" and
# "Monitor CloudWatch metrics for HTTP APIs in API Gateway" (API Gateway Developer Guide), "Types of metrics for Lambda
# functions" (Lambda Developer Guide), "Available CloudWatch metrics for Amazon SQS" (SQS Developer Guide), and
# "Monitoring Amazon SNS topics using CloudWatch" (SNS Developer Guide).
AWS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "AWS/ApiGateway": {
        **dict.fromkeys(("4XXError", "5XXError", "Latency"), ("ApiName", "Stage")),
        "5xx": ("ApiId",),  # of HTTP APIs
    },
    "AWS/Lambda": {"Throttles": (), "IteratorAge": ("FunctionName",)},
    "AWS/SNS": {"NumberOfNotificationsRedrivenToDlq": ("TopicName",)},
    "AWS/SQS": dict.fromkeys(
        (
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesVisible",
        ),
        ("QueueName",),
    ),
}

# What a dimension of AWS's own may be, as the template refers to it.
TYPES = {
    "FunctionName": "AWS::Serverless::Function",
    "QueueName": "AWS::SQS::Queue",
    "TopicName": "AWS::SNS::Topic",
}


def fits(namespace: str, name: str, dimensions: Mapping[str, str]) -> bool:
    """Tell whether AWS emits a metric for a resource of this stack.

    Args:
        namespace: One of AWS's.
        name: The metric's name.
        dimensions: Names and values, those as in the text of `Fn::Sub`.
    """
    if AWS[namespace].get(name) != tuple(dimensions):
        return False
    return all(_is_there(dimension, value.strip("${}")) for dimension, value in dimensions.items())


def _is_there(dimension: str, reference: str) -> bool:
    resources: Mapping[str, Any] = parsed()["Resources"]
    match dimension:
        case "ApiName":
            return bool(resources["Api"]["Properties"]["Name"] == {"Ref": reference})
        case "Stage":
            return bool(resources["Api"]["Properties"]["StageName"] == {"Ref": reference})
        case "ApiId":
            return bool(resources[reference]["Type"] == "AWS::ApiGatewayV2::Api")
        case "FunctionName":
            logical_id, wanted = reference, reference
        case _:
            logical_id = reference.partition(".")[0]
            wanted = f"{logical_id}.{dimension}"
    return reference == wanted and resources[logical_id]["Type"] == TYPES[dimension]
