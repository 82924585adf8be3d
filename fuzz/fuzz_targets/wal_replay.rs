#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use trackway_fuzz::log::{Log, check};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // Half of the inputs are the file itself, the others say how to build one that gets past the checksums.
    match bytes.split_first() {
        Some((first, rest)) if first & 1 == 1 => {
            if let Ok(log) = Log::arbitrary_take_rest(Unstructured::new(rest)) {
                check(&log.bytes());
            }
        }
        _ => check(bytes),
    }
});
