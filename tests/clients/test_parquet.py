"""Exported Parquet in the hands of those who analyse it: DuckDB, pandas, pyarrow."""

import json
import signal
import subprocess

import duckdb
import pandas
import pyarrow.parquet

from kit import BINARY, Client, Server, environment


def export(server, out):
    command = [BINARY, "--json", "--data-dir", server.directory / "data", "store", "export", "--out", out]
    done = subprocess.run(command, capture_output=True, env=environment(), text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_export_is_read_by_duckdb_pandas_and_pyarrow(tmp_path):
    server = Server(tmp_path)
    told = Client("http/protobuf", server.ui)
    traces = [told.tell() for _ in range(5)]
    tracer = told.provider.get_tracer("shop", "2.0")
    for number in range(40):
        with tracer.start_as_current_span("GET /items") as span:
            span.set_attribute("http.route", "/items" if number % 4 else "/admin")
            span.set_attribute("http.response.status_code", 500 if number % 10 == 0 else 200)
    told.flush()
    told.end()
    assert server.signal(signal.SIGTERM) == 0

    out = tmp_path / "out"
    summary = export(server, out)
    assert (summary["spans"], summary["traces"]) == (55, 45)
    [file] = summary["files"]

    query = """
        SELECT "a.http.route" AS route, count(*) AS spans,
               count(*) FILTER ("a.http.response.status_code" >= 500) AS failed, min(duration_ns) >= 0 AS is_sane
        FROM read_parquet(?) WHERE service = 'client' AND name = 'GET /items' GROUP BY route ORDER BY route
    """
    assert duckdb.sql(query, params=[file]).fetchall() == [("/admin", 10, 2, True), ("/items", 30, 2, True)]
    told_trace = "SELECT count(*) FROM read_parquet(?) WHERE lower(hex(trace_id)) = ?"
    assert duckdb.sql(told_trace, params=[file, traces[0]]).fetchall() == [(3,)]
    exceptions = """
        SELECT events::JSON ->> '$[0].attributes."exception.message"', status, status_message
        FROM read_parquet(?) WHERE events IS NOT NULL GROUP BY ALL
    """
    assert duckdb.sql(exceptions, params=[file]).fetchall() == [("no template", "error", "no template")]

    frame = pandas.read_parquet(file)
    assert len(frame) == 55
    assert frame["start"].dt.tz is not None and frame["start"].max() <= pandas.Timestamp.now(tz="UTC")
    assert frame.groupby("a.http.route", observed=True).size().to_dict() == {"/admin": 10, "/items": 30}
    assert frame["a.db.system.name"].value_counts().to_dict() == {"postgresql": 5}

    table = pyarrow.parquet.read_table(file, columns=["name", "kind"], filters=[("kind", "=", "server")])
    assert table.num_rows == 5 and set(table["name"].to_pylist()) == {"GET /orders"}
    about = pyarrow.parquet.read_metadata(file).metadata
    assert about[b"trackway.segment.version"] == b"2"
