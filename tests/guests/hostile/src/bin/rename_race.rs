//! Opens a path again and again while somebody swaps a directory on it for a symlink to a secret.

fn main() {
    let path = hostile::argument(1);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..2_000 {
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                assert_eq!(text, "open", "it read the secret");
                read += 1;
            }
            Err(_) => refused += 1,
        }
    }
    println!("{read} read, {refused} refused");
}
