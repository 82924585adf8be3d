#![no_main]

use trackway_fuzz::propagation;

libfuzzer_sys::fuzz_target!(|text: &str| propagation::headers(text));
