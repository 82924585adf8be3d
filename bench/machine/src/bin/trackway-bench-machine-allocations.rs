//! Counts the allocations that steps make: a binary of its own, since a counting allocator makes each of them dearer.

use trackway_bench_machine::{Allocated, count_allocations};

fn main() -> anyhow::Result<()> {
    count_allocations(|run| {
        let counted = allocation_counter::measure(run);
        Allocated { times: counted.count_total, bytes: counted.bytes_total }
    })
}
