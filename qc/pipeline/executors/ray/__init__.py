"""Ray Core: processes on the machines of a cluster. The only door to Ray, and no type of Ray's leaves it.

Actors rather than Ray's own tasks: each holds one task at a time, so that the driver knows which task broke which
process, and decides itself what is tried again.
"""

import os

# Read when ray is imported. It would print every death of a process to stdout, which is for data.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_DEDUP_LOGS_SKIP_REGEX"] = "."
