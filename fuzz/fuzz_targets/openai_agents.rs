#![no_main]

use trackway_fuzz::check;

libfuzzer_sys::fuzz_target!(|body: &[u8]| check::agents(body));
