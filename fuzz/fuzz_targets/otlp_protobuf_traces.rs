#![no_main]

use trackway_fuzz::check;
use trackway_wire::otlp::Encoding;

libfuzzer_sys::fuzz_target!(|body: &[u8]| check::traces(Encoding::Protobuf, body));
