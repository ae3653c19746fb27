//! Grows its memory page by page until it is refused, and prints how many pages it got.

fn main() {
    println!("it begins");
    while std::arch::wasm32::memory_grow::<0>(1) != usize::MAX {}
    println!("{} pages", std::arch::wasm32::memory_size::<0>());
}
