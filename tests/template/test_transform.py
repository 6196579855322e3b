"""The SAM transform, as the other tests of this folder use it."""

import json
from typing import Any

import pytest

from devtools.errors import LaptopError
from devtools.template import ASKED, expand, expanded, parsed


def functions() -> dict[str, Any]:
    """Return the functions of the expanded template: the API's deployment is another every second."""
    made = expanded(**ASKED)["Resources"]
    return {name: it for name, it in made.items() if it["Type"].startswith("AWS::Lambda::")}


def test_refused_template() -> None:
    """The error has the translator's reason, and the next template is expanded as if nothing had happened."""
    before = functions()
    wrong = json.loads(json.dumps(parsed()))
    del wrong["Resources"]["Publish"]["Properties"]["CodeUri"]
    with pytest.raises(LaptopError, match="Publish"):
        expand(wrong, **ASKED)
    assert functions() == before
