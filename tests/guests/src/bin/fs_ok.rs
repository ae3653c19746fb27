//! Reads and writes where it may: `fs_ok READ WRITE`.

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = std::fs::read_to_string(&arguments[0]).expect("the granted file is readable");
    std::fs::write(&arguments[1], text.to_uppercase()).expect("the granted directory is writable");
    let names: Vec<_> = std::fs::read_dir(std::path::Path::new(&arguments[1]).parent().expect("it has a parent"))
        .expect("the granted directory can be listed")
        .map(|entry| entry.expect("entries are readable").file_name())
        .collect();
    println!("{names:?}");
}
