//! Reaches for each of its arguments in every way: to read, write, list, stat, rename and remove it.

use std::fs;

fn main() {
    for path in std::env::args().skip(1) {
        let told = |done: Result<(), std::io::Error>| match done {
            Ok(()) => "DONE".to_owned(),
            Err(error) => format!("{:?}", error.kind()),
        };
        println!("{path} read {}", told(fs::read(&path).map(|bytes| println!("{}", String::from_utf8_lossy(&bytes)))));
        println!("{path} write {}", told(fs::OpenOptions::new().write(true).open(&path).map(drop)));
        println!("{path} create {}", told(fs::File::create(format!("{path}.new")).map(drop)));
        println!("{path} list {}", told(fs::read_dir(&path).map(drop)));
        println!("{path} stat {}", told(fs::symlink_metadata(&path).map(drop)));
        println!("{path} rename {}", told(fs::rename(&path, format!("{path}.moved"))));
        println!("{path} remove {}", told(fs::remove_file(&path)));
        println!("{path} because {}", hostile::last_denial());
    }
}
