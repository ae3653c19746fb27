//! Fills the disk: `disk_fill write|grow|seek|append FILE`.

use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
};

fn main() {
    let mut file = File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .open(hostile::argument(2))
        .expect("the file is granted");
    let mut steps: u64 = 0;
    let error = loop {
        let done = match hostile::argument(1).as_str() {
            "write" => file.write_all(&[1; 4096]),
            "grow" => file.set_len((steps + 1) * 4096),
            // One byte in each block: it costs the disk as much as the whole block.
            "seek" => file.seek(SeekFrom::Start((steps + 1) * 4096 - 1)).and_then(|_| file.write_all(&[1])),
            "far" => file.seek(SeekFrom::Start(1 << 50)).and_then(|_| file.write_all(&[1])),
            other => panic!("no such way: {other}"),
        };
        match done {
            Ok(()) => steps += 1,
            Err(error) => break error,
        }
        assert!(steps <= 1_000_000);
    };
    println!("{steps} blocks, then {:?}", error.kind());
}
