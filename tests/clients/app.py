"""A program that knows OpenTelemetry's API and nothing of where its signals go; run by `opentelemetry-instrument`."""

import logging

from opentelemetry import metrics, trace

logger = logging.getLogger("shop")
logger.setLevel(logging.INFO)
tracer = trace.get_tracer("shop")
meter = metrics.get_meter("shop")

with tracer.start_as_current_span("GET /orders", kind=trace.SpanKind.SERVER) as root:
    logger.info("looking for %s", "orders")
    with tracer.start_as_current_span("SELECT orders", kind=trace.SpanKind.CLIENT):
        logger.warning("the query was slow")
logger.info("outside of any span")
meter.create_counter("orders.shown").add(3, {"shop.branch": "north"})
meter.create_histogram("orders.size").record(2.5)
print(format(root.get_span_context().trace_id, "032x"))
