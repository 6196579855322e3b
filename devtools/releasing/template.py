"""The template of a release: template.yaml without a local path, its code in one object of S3."""

import copy
from collections.abc import Mapping
from typing import Any

from devtools.releasing.code import LAYER, functions

BUCKET, PREFIX = "CodeBucket", "CodePrefix"
INTERFACE = "AWS::CloudFormation::Interface"
PARAMETERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    BUCKET: (
        "Bucket of the release's zip",
        {
            "Type": "String",
            "Description": "The S3 bucket, in the stack's Region, to which you uploaded the zip of this release.",
            "AllowedPattern": "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
            "ConstraintDescription": "must be the name of an S3 bucket.",
        },
    ),
    PREFIX: (
        "Folder of the release's zip",
        {
            "Type": "String",
            "Description": "The zip's folder in that bucket, with a slash at its end. Empty for none.",
            "AllowedPattern": "|[A-Za-z0-9!_.*'()/-]+/",
            "ConstraintDescription": "must end with a slash, or be empty.",
            "Default": "",
        },
    ),
}


def make(source: Mapping[str, Any], *, archive: str, digest: str, version: str, architecture: str) -> dict[str, Any]:
    """Return the template of a release.

    The file's name is plain text in it and no parameter, since an update keeps the values of parameters.

    Args:
        source: template.yaml, parsed and with its includes.
        archive: The zip's file name.
        digest: The SHA-256 of the zip: another one makes another layer, although the name is the same.
        version: The release.
        architecture: What the zip was built for.
    """
    made: dict[str, Any] = copy.deepcopy(dict(source))
    resources, parameters = made["Resources"], made["Parameters"]
    for name, folder, handler in list(functions(source)):
        module, _, function = f"{folder.replace('/', '.')}.{handler}".rpartition(".")
        properties = resources[name]["Properties"]
        del properties["CodeUri"]
        # Lambda calls inline code `index`. The code itself is in the layer, where it has bytecode.
        properties |= {"InlineCode": f"from {module} import {function} as handler\n", "Handler": "index.handler"}
    layer = resources[LAYER]
    del layer["Metadata"]
    layer["Properties"] |= {
        "Description": f"Hookswitch {version}. SHA-256 of its zip: {digest}",
        "ContentUri": {"Bucket": {"Ref": BUCKET}, "Key": {"Fn::Sub": f"${{{PREFIX}}}{archive}"}},
    }
    made["Parameters"] = {name: rules for name, (_, rules) in PARAMETERS.items()} | parameters
    parameters["Architecture"] |= {"AllowedValues": [architecture], "Default": architecture}
    interface = made["Metadata"][INTERFACE]
    interface["ParameterGroups"].insert(0, {"Label": {"default": "This release"}, "Parameters": [*PARAMETERS]})
    interface["ParameterLabels"] |= {name: {"default": label} for name, (label, _) in PARAMETERS.items()}
    made["Outputs"]["Version"] = {"Description": "The release of hookswitch.", "Value": version}
    return made
