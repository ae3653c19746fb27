//! Has `DIRECTORY` to read and `DIRECTORY/out` to write: links from the one into the other, and
//! goes there from a descriptor of the first, to write what it may only read.

use hostile::filesystem::{
    preopens::get_directories,
    types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags},
};

fn main() {
    let directory = hostile::argument(1);
    let root: Descriptor = get_directories().remove(0).0;
    let follow = PathFlags::SYMLINK_FOLLOW;
    let wide = root
        .open_at(follow, directory.trim_start_matches('/'), OpenFlags::DIRECTORY, DescriptorFlags::READ)
        .expect("the directory is granted");
    println!("link {:?}", wide.symlink_at("../kept.txt", "out/link").map_err(|error| error.name()));
    let through = wide.open_at(follow, "out/link", OpenFlags::empty(), DescriptorFlags::WRITE);
    println!("open {:?}", through.as_ref().map(|_| ()).map_err(|error| error.name()));
    if let Ok(file) = through {
        println!("write {:?}", file.write(b"overwritten", 0));
    }
    let truncated = wide.open_at(follow, "out/link", OpenFlags::TRUNCATE, DescriptorFlags::WRITE);
    println!("truncate {:?}", truncated.map(|_| ()).map_err(|error| error.name()));
}
