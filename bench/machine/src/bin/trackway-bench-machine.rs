//! Measures what a step of a state machine costs, beside Apache Burr.

fn main() -> anyhow::Result<()> {
    trackway_bench_machine::measure()
}
