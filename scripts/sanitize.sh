#!/bin/sh
# Runs what puts the tracing library under pressure with tools that see what tests cannot.
#
#   AddressSanitizer   a nightly compiler
#   ThreadSanitizer    a nightly compiler with rust-src, so that the standard library is watched too
#   Miri               a nightly compiler with miri and rust-src
#   Valgrind           valgrind; with the portable clock
#
# What is missing is named and left out. Exits with 1 when a tool found something, with 2 when none could run.
set -u
cd "$(dirname "$0")/.."
target=$(rustc -vV | sed -n 's/^host: //p')
export PROPTEST_CASES="${PROPTEST_CASES:-64}" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target/sanitize}"
ran=0
failed=0

title() { printf '\n── %s\n' "$1"; }
skip() { printf 'skipped: it needs %s\n' "$1"; }
tried() {
  ran=$((ran + 1))
  [ "$1" -eq 0 ] || failed=$((failed + 1))
}
component() { rustup +nightly component list --installed 2>/dev/null | grep -q "^$1"; }

title AddressSanitizer
if cargo +nightly --version >/dev/null 2>&1; then
  RUSTFLAGS=-Zsanitizer=address cargo +nightly test --quiet --package trackway --test tree --test core --target "$target"
  tried $?
else
  skip "a nightly compiler: rustup toolchain install nightly"
fi

title ThreadSanitizer
if component rust-src; then
  RUSTFLAGS=-Zsanitizer=thread cargo +nightly test -Zbuild-std --quiet --package trackway --test tree --test core --target "$target"
  tried $?
else
  skip "rust-src: rustup +nightly component add rust-src"
fi

title Miri
if component miri && component rust-src; then
  MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test --package trackway --lib --no-default-features -- ring:: clock:: ids::
  tried $?
else
  skip "miri: rustup +nightly component add miri rust-src"
fi

title Valgrind
if command -v valgrind >/dev/null; then
  program=$(cargo test --package trackway --test tree --no-run --message-format=json 2>/dev/null | sed -n 's/.*"executable":"\([^"]*tree-[^"]*\)".*/\1/p')
  # Threads of the library outlive the tests and hold what they hold, so only errors count.
  TRACKWAY_CLOCK=portable valgrind --quiet --error-exitcode=1 --leak-check=no "$program" --test-threads=1
  tried $?
else
  skip valgrind
fi

printf '\n%s ran, %s found something\n' "$ran" "$failed"
[ "$ran" -gt 0 ] || exit 2
[ "$failed" -eq 0 ]
