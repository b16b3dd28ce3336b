//! One demo per directory.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use super::trouble::Trouble;

/// Holds the directory for as long as it lives; it ends with the process, however that ends.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Takes the directory, or says who has it.
    pub(super) fn take(dir: &Path) -> Result<Self, Trouble> {
        let path = dir.join("demo.lock");
        let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = opened.map_err(|error| Trouble::file("open", &path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                let holder = holder.lines().next().unwrap_or("it is just starting").to_owned();
                Err(Trouble::Running { dir: dir.to_owned(), holder })
            }
            Err(TryLockError::Error(error)) => Err(Trouble::file("lock", &path, error)),
        }
    }

    /// Says who holds it, for the one that comes second. Only a courtesy: a failure changes nothing.
    pub(super) fn sign(&mut self, api: &str) {
        let line = format!("process {}, {api}\n", std::process::id());
        let _ = self.0.set_len(0);
        let _ = self.0.seek(SeekFrom::Start(0));
        let _ = self.0.write_all(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_demo_of_a_directory_learns_who_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = Lock::take(dir.path()).unwrap();
        first.sign("http://127.0.0.1:8080");
        let refused = Lock::take(dir.path()).unwrap_err().to_string();
        assert!(
            refused.contains("already running") && refused.contains("http://127.0.0.1:8080"),
            "{refused}"
        );
        drop(first);
        Lock::take(dir.path()).unwrap();
    }
}
