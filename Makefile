# `make` lists what there is. A recipe is one line that calls a tool.

UI := crates/server/assets/index.html
BURR := target/burr/requirements.txt
MIRA := target/mira/bin/mira
UI_SOURCES := $(shell find ui/src ui/public ui/index.html ui/vite.config.ts ui/tsconfig.json -type f 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run test torture check dev ui bench bench-trace bench-machine bench-store bench-ui golden fuzz loom sanitize dist

help: ## List what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

run: $(UI) ## Build everything, start the server and open the browser
	cargo run --release --quiet --package trackway-cli

test: ## Set up what tests need, and run every test
	@node scripts/test.mjs

torture: $(UI) ## Kill, starve and damage servers, and count what is lost (TRACKWAY_TORTURE_MINUTES=5)
	TRACKWAY_TORTURE_MINUTES=$${TRACKWAY_TORTURE_MINUTES:-5} cargo test --release --package trackway-cli --test torture

check: ui/node_modules/.package-lock.json ## Formatting, lints, and who may import whom
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet --document-private-items
	cargo test --package trackway-cli --test house --quiet
	npm run --prefix ui check

dev: ui/node_modules/.package-lock.json ## Server on a temporary directory, UI with live reload, traces that keep coming
	@node scripts/dev.mjs

ui: $(UI) ## Build the web page into the server

bench: $(UI) ## How fast it takes traces in, beside a peer
	cargo build --release --quiet --package trackway-cli
	cargo run --release --quiet --package trackway-bench --bin ingest

bench-trace: ## What a span costs the traced program, beside other libraries (ROUNDS=15 SECONDS=1 for a look)
	cargo build --profile bench-trace --quiet --package trackway-bench-trace
	cargo run --profile bench-trace --quiet --package trackway-bench-trace

bench-machine: $(BURR) ## What a step of a state machine costs, beside Apache Burr (ROUNDS=5 SECONDS=1 STEPS=100000 for a look)
	cargo build --release --quiet --package trackway-bench-machine
	BURR_PYTHON=target/burr/bin/python cargo run --release --quiet --package trackway-bench-machine

bench-store: $(UI) $(MIRA) ## What keeping spans costs, beside rows in SQLite and Mira (SPANS=20000000 for the record)
	cargo build --release --quiet --package trackway-cli
	cargo run --release --quiet --package trackway-bench --bin store

bench-ui: $(UI) ## How fast a trace of 10,000 spans and a run of 10,000 steps open in the browser
	cargo build --release --quiet --package trackway-cli
	TRACKWAY_BIN=../target/release/trackway npm run --silent --prefix ui bench

golden: $(UI) ## Accept what tests draw now as right, after looking at it
	INSTA_UPDATE=always cargo test --all-features --quiet
	cargo build --quiet --package trackway-cli
	UPDATE_SCREENSHOT=1 npm run --prefix ui e2e -- look

fuzz: ## Feed every decoder nonsense, a minute each (needs nightly Rust and cargo-fuzz)
	fuzz/run.sh

loom: ## Try every interleaving of the threads at a ring of the tracing library
	RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test --release --package trackway --lib --no-default-features ring::models

sanitize: ## Threads that trace, end and flush, under AddressSanitizer, ThreadSanitizer, Miri and Valgrind: what is installed of them
	scripts/sanitize.sh

dist: $(UI) ## A tarball with the release binary
	@scripts/dist.sh

ui/node_modules/.package-lock.json: ui/package-lock.json
	npm ci --prefix ui --no-audit --no-fund

$(UI): ui/node_modules/.package-lock.json $(UI_SOURCES)
	npm run --silent --prefix ui build

$(BURR): bench/machine/requirements.txt
	python3 -m venv --clear target/burr
	target/burr/bin/pip install --quiet --disable-pip-version-check --requirement $<
	cp $< $@

# Without it the table says so.
$(MIRA):
	-cargo install --quiet --locked --root target/mira --version 0.4.4 miradb
