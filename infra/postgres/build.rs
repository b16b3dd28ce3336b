//! Rebuilds the embedded migrations when one is added: the macro that embeds them cannot watch a folder. And says which state of
//! them is embedded, as `MIGRATIONS_STATE`.

use std::{
    error::Error,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
};

fn main() -> Result<(), Box<dyn Error>> {
    const FOLDER: &str = "../../migrations";
    println!("cargo:rerun-if-changed={FOLDER}");
    let mut files = vec![];
    for entry in fs::read_dir(FOLDER)? {
        files.push(entry?.path().join("up.sql"));
    }
    files.retain(|file| file.is_file());
    files.sort();
    let mut state = DefaultHasher::new();
    for file in files {
        fs::read(file)?.hash(&mut state);
    }
    println!("cargo:rustc-env=MIGRATIONS_STATE={:016x}", state.finish());
    Ok(())
}
