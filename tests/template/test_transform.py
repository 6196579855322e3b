"""The SAM transform, as the other tests of this folder use it."""

import json

import pytest

from devtools.errors import LaptopError
from devtools.template import ASKED, expand, expanded, parsed


def test_refused_template() -> None:
    """The error has the translator's reason, and the next template is expanded as if nothing had happened."""
    before = expanded(**ASKED)
    wrong = json.loads(json.dumps(parsed()))
    del wrong["Resources"]["Publish"]["Properties"]["CodeUri"]
    with pytest.raises(LaptopError, match="Publish"):
        expand(wrong, **ASKED)
    assert expanded(**ASKED) == before
