from agents import set_trace_processors
from agents.tracing.processors import BackendSpanExporter, BatchTraceProcessor


class WithContent:
    """A span, with what the model was asked and what it answered."""

    def __init__(self, span):
        self.span = span

    def __getattr__(self, name):
        return getattr(self.span, name)

    def export(self):
        sent, data = self.span.export(), self.span.span_data
        if sent and data.type == "response" and data.response:
            sent["span_data"]["input"] = data.input
            sent["span_data"]["response"] = data.response.model_dump(mode="json")
        return sent


class Exporter(BackendSpanExporter):
    def export(self, items):
        super().export([WithContent(item) if hasattr(item, "span_data") else item for item in items])


exporter = Exporter(api_key="any", endpoint="{{endpoint}}/v1/traces/ingest")
set_trace_processors([BatchTraceProcessor(exporter)])
