#![no_main]

use trackway_fuzz::filter;

libfuzzer_sys::fuzz_target!(|text: &str| filter::span_filter(text));
