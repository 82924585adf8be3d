"""Trace contexts that cross a process."""

import sys

from kit import ROOT, run

TREE = """\
shop: show_product (internal)
  shop: GET (client)
    stock: GET /stock/:sku (server)
      stock: SELECT stock (client)"""


def test_two_services_form_one_trace(server):
    trace = run(sys.executable, ROOT / "examples/two_services.py", OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp_http).strip()
    assert server.tree(trace) == TREE
    remote = {span["name"]: span["parent_is_remote"] for span in server.spans(trace)}
    assert remote["GET /stock/:sku"] is True and remote["SELECT stock"] is False
    [listed] = [listed for listed in server.get("traces", service="stock")["traces"] if listed["trace_id"] == trace]
    assert (listed["root_name"], listed["service"], listed["span_count"]) == ("show_product", "shop", 4)
