//! Rebuilds the embedded migrations when one is added: the macro that embeds them cannot watch a folder.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
