#!/bin/sh
# Runs every fuzz target for some seconds (60 unless told), after what once broke it; one line each.
set -eu
cd "$(dirname "$0")"
seconds=${1:-60}

if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
    echo "fuzzing needs nightly Rust and cargo-fuzz: rustup toolchain install nightly && cargo install cargo-fuzz --locked" >&2
    exit 1
fi
# The store syncs what it writes; memory is the faster disk.
if [ -w /dev/shm ]; then export TMPDIR=/dev/shm; fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

./seeds.py
cargo +nightly fuzz build 2>"$log" || { cat "$log" >&2; exit 1; }

failed=0
for target in $(cargo +nightly fuzz list); do
    mkdir -p "corpus/$target" "artifacts/$target"
    set -- -rss_limit_mb=2048 -timeout=10
    case $target in
    otlp_json_*) set -- "$@" -dict=otlp_json.dict ;;
    openai_agents) set -- "$@" -dict=openai_agents.dict ;;
    span_filter) set -- "$@" -dict=span_filter.dict ;;
    propagation_headers) set -- "$@" -dict=propagation.dict ;;
    burr | records | records_log) set -- "$@" -dict=runs.dict ;;
    # Inputs that say how to build something need some length to say anything.
    otlp_differential | wal_replay) set -- "$@" -len_control=0 ;;
    esac

    for regression in "regressions/$target"/*; do
        [ -e "$regression" ] || continue
        if ! cargo +nightly fuzz run "$target" "$regression" -- "$@" >"$log" 2>&1; then
            failed=1
            echo "$target: fuzz/$regression is broken again"
        fi
    done

    crashes=0
    cargo +nightly fuzz run "$target" -- "$@" -max_total_time="$seconds" -print_final_stats=1 >"$log" 2>&1 || crashes=1
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ -z "$executions" ]; then
        failed=1
        echo "$target: did not run"
        tail -n 20 "$log" >&2
        continue
    fi
    echo "$target: $executions executions, $crashes crashes"
    if [ $crashes -ne 0 ]; then
        failed=1
        grep -E 'panicked at|ERROR: |Test unit written to' "$log" | sed 's/^/    /'
    fi
done
exit $failed
