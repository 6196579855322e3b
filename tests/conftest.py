"""Settings that all tests share."""

import os

from hypothesis import HealthCheck, settings

# Timings are the benchmark's business, and the first draw of text builds Unicode's tables. CI repeats one run, so
# that what it says of a commit does not change; elsewhere each run looks at new examples.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
