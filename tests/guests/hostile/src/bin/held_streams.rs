//! Opens a file, keeps a stream on it, lets go of the file, again and again: each keeps a descriptor of the host.

use hostile::filesystem::{
    preopens,
    types::{DescriptorFlags, OpenFlags, PathFlags},
};

fn main() {
    let path = hostile::argument(2);
    let (root, _) = preopens::get_directories().into_iter().next().expect("a root");
    let directory = hostile::argument(1) == "names";
    let mut held = 0;
    let mut streams = (Vec::new(), Vec::new());
    loop {
        let opened = root.open_at(PathFlags::empty(), &path, OpenFlags::empty(), DescriptorFlags::READ);
        let Ok(file) = opened else { break };
        match directory {
            true => match file.read_directory() {
                Ok(stream) => streams.1.push(stream),
                Err(_) => break,
            },
            false => match file.read_via_stream(0) {
                Ok(stream) => streams.0.push(stream),
                Err(_) => break,
            },
        }
        held += 1;
    }
    println!("{held} held");
}
