//! Measures what a span costs the program that is traced, beside other tracing libraries.

fn main() -> anyhow::Result<()> {
    trackway_bench_trace::measure()
}
