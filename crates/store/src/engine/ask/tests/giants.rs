use super::*;

/// Parts with a trace of `spans` spans, some of them in two segments, beside a small one; the last are in a head.
fn bench_of(spans: u64, giant_rows: u64) -> Bench {
    filled(Bench::new(), spans, giant_rows)
}

fn filled(mut bench: Bench, spans: u64, giant_rows: u64) -> Bench {
    bench.desk = bench.desk.with_giants_of(giant_rows);
    let part = spans / 4;
    for number in 0..4 {
        let of_part = number * part..(number + 1) * part;
        let start = |id: u64| 1_000 + (id * 7_919) % (spans * 3);
        let mut spans: Vec<_> = of_part.map(|id| span(1, id + 1, start(id))).collect();
        spans.extend((1..3).contains(&number).then(|| span(1, number * part, start(number * part - 1))));
        spans.push(failed(span(1, 10_000_000 + number, 500 + number)));
        spans.push(span(u128::from(number) + 2, 1, number));
        let mut late = span(1, 20_000_000, 400);
        late.end = late.end.filter(|_| number == 3);
        late.parent_id = Some(span_id(1));
        spans.extend((number == 0 || number == 3).then_some(late));
        bench.append(spans);
        if number < 3 {
            bench.flush();
        }
    }
    bench
}

#[test]
fn a_giant_is_read_in_pages_and_looks_like_any_trace() {
    let bench = bench_of(2_000, 300);
    assert_eq!(bench.desk.summary(trace_id(1)).unwrap(), bench.memory.summary(trace_id(1)).unwrap());
    for limit in [97, 1_000, 5_000] {
        assert_same(bench.spans(trace_id(1), limit));
    }
    assert_same(bench.lists(&TraceQuery::default(), 2));
    assert_eq!(bench.desk.projects().unwrap()[0].trace_count, 5);
    let span = bench.desk.span(trace_id(1), span_id(500)).unwrap();
    assert_eq!(span, bench.memory.span(trace_id(1), span_id(500)).unwrap());
}

#[test]
fn a_giant_is_found_by_its_spans() {
    let bench = bench_of(1_200, 200);
    for filter in [r#"{ status = error }"#, r#"{ name = "span 3" && status = error && duration > 1s }"#] {
        let spans = Some(filter.parse().unwrap());
        assert_same(bench.lists(&TraceQuery { spans, ..TraceQuery::default() }, 3));
    }
    for name in ["SPAN 4", "none"] {
        assert_same(bench.lists(&TraceQuery { name: Some(name.into()), ..TraceQuery::default() }, 3));
    }
    bench.flush();
    assert_same(bench.lists(&TraceQuery { name: Some("span 5".into()), ..TraceQuery::default() }, 1));
    assert_eq!(bench.desk.summary(trace_id(1)).unwrap(), bench.memory.summary(trace_id(1)).unwrap());
}

#[test]
fn a_search_that_has_no_time_leaves_a_giant_and_goes_on_with_it() {
    let bench = Bench::with(|config| Config { search_time: Duration::ZERO, ..config });
    let bench = filled(bench, 1_200, 100);
    let query = |filter: &str| TraceQuery { spans: Some(filter.parse().unwrap()), ..TraceQuery::default() };
    let nowhere = query(r#"{ status = error && duration > 1s }"#);
    let (mut pages, mut cursor) = (0, None);
    loop {
        let page = bench.desk.traces(&nowhere, &PageRequest { limit: 3, cursor }).unwrap();
        (pages, cursor) = (pages + 1, page.next);
        if cursor.is_none() {
            break;
        }
    }
    assert!(pages > 12, "1,200 rows were read on {pages} pages");
    assert_same(bench.lists(&nowhere, 3));
    assert_same(bench.lists(&query(r#"{ status = error && name = "span 6" }"#), 3));
}

#[test]
fn a_trace_of_many_ten_thousand_spans_is_a_giant() {
    let bench = Bench::new();
    let mut count = 0;
    for part in 0..4u64 {
        let spans = (0..15_000).map(|it| span(1, part * 15_000 + it + 1, (it * 4 + part) * 10)).collect();
        bench.apply(Batch { spans, ..Batch::default() });
        if part < 3 {
            bench.flush();
        }
    }
    let mut page = PageRequest { limit: 20_000, cursor: None };
    let mut last = None;
    loop {
        let found = bench.desk.trace(trace_id(1), &page).unwrap().unwrap();
        assert_eq!(found.summary.span_count, 60_000);
        for span in &found.spans.items {
            assert!(last < Some(span.record.start), "the spans are in their order");
            last = Some(span.record.start);
        }
        count += found.spans.items.len();
        page.cursor = found.spans.next;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(count, 60_000);
}
