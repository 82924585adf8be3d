from agents import set_trace_processors
from agents.tracing.processors import BackendSpanExporter, BatchTraceProcessor


class WithContent:
    """A trace or a span; one of a model call has what it was asked and what it answered."""

    def __init__(self, item):
        self.item = item

    def __getattr__(self, name):
        return getattr(self.item, name)

    def export(self):
        sent, data = self.item.export(), getattr(self.item, "span_data", None)
        if sent and data and data.type == "response" and data.response:
            sent["span_data"]["input"] = data.input
            sent["span_data"]["response"] = data.response.model_dump(mode="json")
        return sent


class Exporter(BackendSpanExporter):
    def export(self, items):
        super().export([WithContent(item) for item in items])


exporter = Exporter(api_key="any", endpoint="{{endpoint}}/v1/traces/ingest")
set_trace_processors([BatchTraceProcessor(exporter)])
