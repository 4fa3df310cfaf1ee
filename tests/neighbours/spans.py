"""Telemetry that stays in the process."""

from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


class Recorder:
    """A tracer provider that remembers the finished spans."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.processor = SimpleSpanProcessor(self.exporter)
        self.provider = TracerProvider()
        self.provider.add_span_processor(self.processor)

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        return self.exporter.get_finished_spans()

    def record(self, name: str) -> None:
        """A span of nothing, below the current one."""
        with self.provider.get_tracer("shop").start_as_current_span(name):
            pass

    def named(self, name: str) -> ReadableSpan:
        (span,) = [span for span in self.spans if span.name == name]
        return span

    def names_below(self, parent: ReadableSpan) -> list[str]:
        """The names of the spans whose parent this is."""
        return [
            span.name
            for span in self.spans
            if span.parent is not None
            and parent.context is not None
            and span.parent.span_id == parent.context.span_id
        ]
