//! Opens what is no file: pipes, sockets, devices. None may make the kernel wait.

use std::fs;

fn main() {
    for path in std::env::args().skip(1) {
        let read = fs::read(&path).map(|bytes| bytes.len()).map_err(|error| error.kind());
        let write = fs::OpenOptions::new().write(true).open(&path).map(drop).map_err(|error| error.kind());
        let create = fs::File::create(&path).map(drop).map_err(|error| error.kind());
        println!("{read:?} {write:?} {create:?}");
    }
}
