# Not on crates.io yet: this takes it from a checkout of Trackway beside the new project.
cargo new hello && cd hello
cargo add trackway --path ../trackway/crates/trace
export OTEL_SERVICE_NAME=hello OTEL_EXPORTER_OTLP_ENDPOINT={{endpoint}}
