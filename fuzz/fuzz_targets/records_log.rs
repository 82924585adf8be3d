#![no_main]

use trackway_fuzz::runs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| runs::log(bytes));
