# Not on crates.io yet: this takes it from a checkout of Trackway beside the new project.
cargo new counter && cd counter
cargo add trackway-machine --path ../trackway/crates/machine
