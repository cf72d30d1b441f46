"""The hub's own worker, both sides, as `hub worker` runs it; with a third argument under a profiler.

Run it as `python -m hub.trials.bench.worker BOOTSTRAP PREFIX [FILE FOR THE PROFILE]`.
"""

import cProfile
import sys

from hub import worker


def main(bootstrap: str, prefix: str, profile: str | None = None) -> None:
    """Work until SIGTERM; the profile holds the main thread, where the agents run, and is written at the end."""
    if profile is None:
        worker.run(bootstrap, prefix, ["front", "back"])
        return
    profiler = cProfile.Profile()
    try:
        profiler.runcall(worker.run, bootstrap, prefix, ["front", "back"])
    finally:
        profiler.dump_stats(profile)


if __name__ == "__main__":
    main(*sys.argv[1:4])
