//! Lists a directory, and waits for a line after the first name: `long_listing DIRECTORY`.

use hostile::filesystem::{
    preopens,
    types::{DescriptorFlags, OpenFlags, PathFlags},
};

fn main() {
    let root = preopens::get_directories().remove(0).0;
    let path = hostile::argument(1);
    let path = path.trim_start_matches('/');
    let directory =
        root.open_at(PathFlags::empty(), path, OpenFlags::DIRECTORY, DescriptorFlags::READ).expect("it is granted");
    let listing = directory.read_directory().expect("it is a directory");
    let first = listing.read_directory_entry().expect("it is read").expect("it has entries");
    println!("begins {}", first.name.len());
    std::io::stdin().read_line(&mut String::new()).expect("a line");
    let (mut names, mut gone) = (1, 0);
    loop {
        match listing.read_directory_entry() {
            Ok(Some(_)) => names += 1,
            Ok(None) => break,
            Err(_) => gone += 1,
        }
    }
    println!("{names} names");
    println!("{gone} gone");
    println!("after its end: {:?}", listing.read_directory_entry().map(|entry| entry.is_some()));
}
