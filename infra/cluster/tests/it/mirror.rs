//! A mirror of release builds on this machine, good and bad.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// What the mirror answers to each path, and which paths were asked for.
#[derive(Default)]
struct Shelf {
    files: Mutex<HashMap<String, (usize, Vec<u8>)>>,
    asked: Mutex<Vec<String>>,
}

pub(crate) struct Mirror {
    shelf: Arc<Shelf>,
    pub(crate) base: Url,
}

impl Mirror {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}/releases", listener.local_addr().unwrap())).unwrap();
        let shelf = Arc::new(Shelf::default());
        let served = Arc::clone(&shelf);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&served)));
            }
        });
        Self { shelf, base }
    }

    /// Puts a build and its checksum where a program on this machine looks for them.
    pub(crate) fn publish(&self, version: &str, archive: &[u8]) {
        let checksum = hex::encode(Sha256::digest(archive));
        self.put(version, ".sha256", format!("{checksum}  {}\n", file_name(version)).as_bytes());
        self.put(version, "", archive);
    }

    pub(crate) fn put(&self, version: &str, suffix: &str, body: &[u8]) {
        self.promise(version, suffix, body.len(), body);
    }

    /// Announces more bytes than it sends.
    pub(crate) fn promise(&self, version: &str, suffix: &str, length: usize, body: &[u8]) {
        let path = format!("/releases/{version}/{}{suffix}", file_name(version));
        self.shelf.files.lock().unwrap().insert(path, (length, body.to_owned()));
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.shelf.asked.lock().unwrap().clone()
    }
}

fn file_name(version: &str) -> String {
    format!("{}.tar.gz", folder_name(version))
}

pub(crate) fn folder_name(version: &str) -> String {
    let arch = std::env::consts::ARCH;
    let system = match (std::env::consts::OS, cfg!(target_env = "musl")) {
        ("macos", _) => "apple-darwin",
        (_, true) => "unknown-linux-musl",
        (_, false) => "unknown-linux-gnu",
    };
    format!("postgresql-{version}-{arch}-{system}")
}

async fn answer(mut stream: TcpStream, shelf: Arc<Shelf>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
    let request = String::from_utf8(request).unwrap();
    let path = request.split(' ').nth(1).unwrap().to_owned();
    let path_is_archive = Path::new(&path).extension().is_some_and(|it| it == "gz");
    let file = shelf.files.lock().unwrap().get(&path).cloned();
    shelf.asked.lock().unwrap().push(path);
    let (status, (length, body)) = file.map_or(("404 Not Found", (0, Vec::new())), |file| ("200 OK", file));
    // As servers do that know the ending: the archive itself is meant, and nothing is to be unpacked on the way.
    let encoding = if path_is_archive { "content-encoding: gzip\r\n" } else { "" };
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{encoding}connection: close\r\n\r\n");
    // A client that has seen enough hangs up.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&body).await;
}

/// Packs the binaries of this machine as a release build: the programs find their other files by the way from
/// where they really lie, so that way is kept and `bin` is a folder of links.
pub(crate) fn pack(bin: &Path, version: &str) -> Vec<u8> {
    let share = share_folder(bin);
    let prefix: PathBuf =
        bin.components().zip(share.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    let root = PathBuf::from(folder_name(version));
    let inner = root.join(bin.strip_prefix(&prefix).unwrap());
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    archive.follow_symlinks(false);
    for program in ["initdb", "pg_ctl", "postgres"] {
        archive.append_file(inner.join(program), &mut File::open(bin.join(program)).unwrap()).unwrap();
        let link = root.join("bin").join(program);
        if link != inner.join(program) {
            let way = Path::new("..").join(inner.strip_prefix(&root).unwrap()).join(program);
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            archive.append_link(&mut header, link, way).unwrap();
        }
    }
    let libraries = inner.parent().unwrap().join("lib");
    for entry in std::fs::read_dir(bin.parent().unwrap().join("lib")).unwrap().flatten() {
        if entry.path().is_file() {
            let mut file = File::open(entry.path()).unwrap();
            archive.append_file(libraries.join(entry.file_name()), &mut file).unwrap();
        }
    }
    archive.append_dir_all(root.join(share.strip_prefix(&prefix).unwrap()), &share).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}

/// Where the binaries keep their templates, by their own account.
fn share_folder(bin: &Path) -> PathBuf {
    let mut initdb = Command::new(bin.join("initdb"));
    if crate::stage::is_root() {
        // It refuses root even for this; any other user will do.
        initdb.uid(65534).gid(65534);
    }
    let shown = initdb.args(["--show", "-D", "/nowhere"]).output().unwrap();
    let shown = String::from_utf8([shown.stdout, shown.stderr].concat()).unwrap();
    let line = shown.lines().find_map(|line| line.strip_prefix("share_path=")).expect(&shown);
    PathBuf::from(line)
}
