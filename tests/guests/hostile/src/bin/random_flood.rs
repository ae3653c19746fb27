//! Asks for more and more random bytes at once: `random_flood BYTES…`.

fn main() {
    for bytes in std::env::args().skip(1) {
        let count: u64 = bytes.parse().expect("a number");
        let got = hostile::random::random::get_random_bytes(count);
        println!("{} bytes", got.len());
    }
}
