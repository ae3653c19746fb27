//! Makes the cheapest system call without end: it is preempted and charged like any other loop.

fn main() {
    loop {
        hostile::log::usage();
    }
}
