"""What is drawn here is nobody's: the look through the logs has not to find it in those of other tests."""

import pytest

from simulator import confidential


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confidential, "NOTED", dict(confidential.NOTED))
