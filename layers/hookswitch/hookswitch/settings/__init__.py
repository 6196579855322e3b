"""The variables that template.yaml sets for the functions, one class for each role of a function.

Nothing else in the layer and the functions reads the environment, but for what Lambda and AWS's SDK put there
(hookswitch.aws). A function reads its settings when it first needs them, so a missing variable fails an invocation and
not an import. `from_environment` raises KeyError with the name of a variable that is missing.
"""

import os


def declares_all_metrics() -> bool:
    """Tell whether all metrics are declared to CloudWatch, and not only the core ones (METRICS is `all`)."""
    return os.environ["METRICS"] == "all"
