//! Makes symlinks out of its directory and goes through them: `symlink_escape DIRECTORY TARGET…`.

use std::fs;

fn main() {
    let directory = hostile::argument(1);
    for (index, target) in std::env::args().skip(2).enumerate() {
        let link = format!("{directory}/link{index}");
        if let Err(error) = hostile::symlink(&target, &link) {
            println!("{target} {error}");
            continue;
        }
        match fs::read_to_string(&link) {
            Ok(text) => println!("READ {text}"),
            Err(error) => println!("{target} read {:?}", error.kind()),
        }
        match fs::write(&link, "overwritten") {
            Ok(()) => println!("WROTE"),
            Err(error) => println!("{target} write {:?}", error.kind()),
        }
        match fs::read_dir(format!("{link}/.")) {
            Ok(_) => println!("LISTED"),
            Err(error) => println!("{target} list {:?}", error.kind()),
        }
    }
}
