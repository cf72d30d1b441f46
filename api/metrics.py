"""What the API counts, for Prometheus: routes and statuses, never addresses, callers or content."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import Scope

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.04, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter("hub_http_requests", "Requests answered", ("route", "method", "status"), registry=self._registry)
        self._request_seconds = Histogram(
            "hub_http_request_seconds", "Time to answer", ("route",), buckets=_SECONDS, registry=self._registry
        )
        self._publish_seconds = Histogram(
            "hub_publish_seconds", "Time until the broker confirmed", buckets=_SECONDS, registry=self._registry
        )
        self._published = Counter(
            "hub_published", "Submissions by what became of them at the door", ("outcome",), registry=self._registry
        )

    def watch(self, behind: Callable[[], dict[str, int]]) -> None:
        """Show how far the views are behind, asked at each scrape."""
        self._registry.register(_Behind(behind))

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answered request under its route's pattern, never under its address."""
        route = getattr(scope.get("route"), "path_format", None) or "none"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._requests.labels(route, method, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def taken(self, outcome: str, number: int = 1) -> None:
        """Count submissions: accepted, refused or failed."""
        self._published.labels(outcome).inc(number)

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Measure how long the broker takes to confirm."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._publish_seconds.observe(time.perf_counter() - began)

    def text(self) -> bytes:
        """Everything in Prometheus' format, with what the process itself tells."""
        return generate_latest(REGISTRY) + generate_latest(self._registry)


class _Behind(Collector):
    """Records that the views have not taken in; a database that is away costs this line only."""

    def __init__(self, behind: Callable[[], dict[str, int]]) -> None:
        self._behind = behind

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        up = GaugeMetricFamily("hub_views_up", "Whether the views can be asked")
        records = GaugeMetricFamily("hub_records_behind", "Records that the views have not taken in", labels=("topic",))
        try:
            for topic, number in sorted(self._behind().items()):
                records.add_metric((topic,), number)
            up.add_metric((), 1)
        except Exception:  # whatever the database says: a scrape tells the rest
            up.add_metric((), 0)
        return (up, records)
