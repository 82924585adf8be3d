#!/usr/bin/env bash
# Packs the release binary, which carries the web page, with its licence and README.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --quiet --package trackway-cli
version=$(cargo pkgid --package trackway-cli | sed 's/.*[#@]//')
name="trackway-$version-$(rustc -vV | sed -n 's/^host: //p')"
target=${CARGO_TARGET_DIR:-target}
rm -rf "$target/dist/$name"
mkdir -p "$target/dist/$name"
cp "$target/release/trackway" README.md LICENSE CHANGELOG.md "$target/dist/$name/"
tar -C "$target/dist" -czf "$target/dist/$name.tar.gz" "$name"
echo "$target/dist/$name.tar.gz"
