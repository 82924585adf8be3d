#![no_main]

use trackway_fuzz::propagation;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| propagation::bytes(bytes));
