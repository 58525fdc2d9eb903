"""Measures: what Herald counts and times, in Prometheus' text format; labels have few values and name nobody."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.operations.records import Served
from bot.serving.desk import Desk
from bot.version import version

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)


class Measures:
    """The measures of one process, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "herald_requests",
            "Requests that are over; those of commands that ask the model are questions",
            ("platform", "command", "outcome"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "herald_stage_seconds",
            "How long questions waited, searched, took to their first verified sentence, and in total until shown",
            ("stage",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._errors = Counter("herald_errors", "Errors that ended a request", ("error",), registry=self._registry)
        self._pieces = Counter(
            "herald_model_tokens", "Pieces of text that the model wrote, a token each", registry=self._registry
        )
        ProcessCollector(registry=self._registry)

    def watch(self, desk: Desk) -> None:
        """Tell of a desk's queue and of its platforms' connections as well."""
        self._registry.register(_Standing(desk))

    def served(self, served: Served) -> None:
        """Count a request that is over."""
        self._requests.labels(served.platform, served.command, served.outcome).inc()
        if served.error:
            self._errors.labels(served.error).inc()
        if served.asks_model and served.outcome != "repeated":
            for stage, seconds in served.seconds.items():
                self._seconds.labels(stage).observe(seconds)

    def wrote(self) -> None:
        """Count a piece of text that the model wrote."""
        self._pieces.inc()

    def text(self) -> bytes:
        """All of them as Prometheus reads them. Blocking: it reads what the system knows of this process."""
        return generate_latest(self._registry)


class _Standing(Collector):
    """What stands at the moment of looking."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        """The queue, the connections and the version."""
        queue = GaugeMetricFamily("herald_queue_questions", "Questions at work and waiting", labels=["state"])
        queue.add_metric(["at_work"], self._desk.at_work)
        queue.add_metric(["waiting"], self._desk.waiting - self._desk.at_work)
        yield queue
        connections = self._desk.connections
        connected = GaugeMetricFamily("herald_platform_connected", "1 while connected", labels=["platform"])
        losses = CounterMetricFamily("herald_platform_losses", "Connections that were lost", labels=["platform"])
        for platform, up in connections.states.items():
            connected.add_metric([platform], float(up))
            losses.add_metric([platform], connections.losses[platform])
        yield connected
        yield losses
        yield InfoMetricFamily("herald", "The version that runs", {"version": version()})
