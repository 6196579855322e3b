"""Settings of the silence function."""

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class SilenceSettings:
    """Settings of the silence function.

    Attributes:
        namespace: Of the metrics in CloudWatch (POWERTOOLS_METRICS_NAMESPACE).
        service: The stack's name, a dimension of every metric (POWERTOOLS_SERVICE_NAME).
    """

    namespace: str
    service: str

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(env["POWERTOOLS_METRICS_NAMESPACE"], env["POWERTOOLS_SERVICE_NAME"])
