//! Builds the crate again when the web page was built again; it never builds the page itself.

fn main() {
    println!("cargo:rerun-if-changed=assets");
}
