"""Adds the routes for any method, which MiniStack drops when it imports an API's definition.

MiniStack imports the seven methods that OpenAPI names and ignores `x-amazon-apigateway-any-method`. Its API Gateway
supports the method ANY, so these routes are added after each deployment.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from devtools import aws
from devtools.local import REGION
from devtools.template import parsed

if TYPE_CHECKING:
    from types_boto3_apigateway import APIGatewayClient

ANY = "ANY"


def routes() -> Iterator[tuple[str, str]]:
    """Yield the path of each route for any method, and the logical id of the function that it leads to."""
    for name, resource in parsed()["Resources"].items():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] == "Api" and event["Properties"]["Method"].upper() == ANY:
                yield event["Properties"]["Path"], name


def serve(endpoint: str, stack_name: str) -> None:
    """Add the method ANY to the routes that lack it."""
    client: APIGatewayClient = aws.SESSION.client("apigateway", endpoint_url=endpoint, config=aws.CONFIG)
    cloudformation, functions = aws.cloudformation(endpoint), aws.lambda_(endpoint)

    def physical_id(name: str) -> str:
        detail = cloudformation.describe_stack_resource(StackName=stack_name, LogicalResourceId=name)
        return detail["StackResourceDetail"].get("PhysicalResourceId", "")

    api = physical_id("Api")
    pages = client.get_paginator("get_resources").paginate(restApiId=api, embed=["methods"])
    found = {resource["path"]: resource for page in pages for resource in page["items"]}
    for path, name in routes():
        if ANY in found[path].get("resourceMethods", {}):
            continue
        arn = functions.get_function_configuration(FunctionName=physical_id(name))["FunctionArn"]
        resource = found[path]["id"]
        client.put_method(restApiId=api, resourceId=resource, httpMethod=ANY, authorizationType="NONE")
        client.put_integration(
            restApiId=api,
            resourceId=resource,
            httpMethod=ANY,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations",
        )
