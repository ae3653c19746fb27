//! Looks for anything of the host's: variables, arguments, directory, its own process.

fn main() {
    println!("variables {:?}", std::env::vars().collect::<Vec<_>>());
    println!("arguments {:?}", std::env::args().collect::<Vec<_>>());
    println!("directory {:?}", std::env::current_dir());
    println!("temporary {:?}", std::fs::File::create("/tmp/holm-hostile").map(drop).map_err(|error| error.kind()));
    for path in ["/proc/self/environ", "/proc/self/cmdline", "/proc/self/root/etc/hostname", "/etc/hostname", "/"] {
        println!("{path} {:?}", std::fs::read(path).map(|bytes| bytes.len()).map_err(|error| error.kind()));
    }
    println!("root {:?}", std::fs::read_dir("/").map(drop).map_err(|error| error.kind()));
    println!("metadata {:?}", std::fs::metadata("/").map(|root| root.len()).map_err(|error| error.kind()));
}
