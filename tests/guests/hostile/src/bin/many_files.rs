//! Makes a hundred thousand empty files, then tries directories and links: `many_files DIRECTORY`.

use std::fs;

fn main() {
    let directory = hostile::argument(1);
    let mut made = 0;
    let error = loop {
        match fs::File::create(format!("{directory}/{made}")) {
            Ok(_) => made += 1,
            Err(error) => break error,
        }
        assert!(made <= 100_000);
    };
    println!("{made} files, then {:?}", error.kind());
    println!("directory {:?}", fs::create_dir(format!("{directory}/d")).map_err(|error| error.kind()));
    println!(
        "link {:?}",
        fs::hard_link(format!("{directory}/0"), format!("{directory}/l")).map_err(|error| error.kind())
    );
    println!("symlink {:?}", hostile::symlink("0", &format!("{directory}/s")));
    // What is there can still be opened.
    println!("again {:?}", fs::File::open(format!("{directory}/0")).map(|_| ()).map_err(|error| error.kind()));
}
