//! Takes memory with a tree of processes: `memory` bounds the tree, not each process.

fn main() {
    if hostile::argument(1) == "child" {
        while std::arch::wasm32::memory_grow::<0>(1) != usize::MAX {}
        println!("child: {} pages", std::arch::wasm32::memory_size::<0>());
        return;
    }
    println!("it begins");
    let own = std::arch::wasm32::memory_size::<0>();
    let child = hostile::again(&["child"], None, None).expect("a child");
    println!("{}", hostile::exit_word(&child.wait().expect("it ends")));
    println!("own: {own} pages");
    // What the child had came back with its end.
    while std::arch::wasm32::memory_grow::<0>(1) != usize::MAX {}
    println!("then: {} pages", std::arch::wasm32::memory_size::<0>());
}
