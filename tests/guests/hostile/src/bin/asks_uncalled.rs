//! Tells and asks, though nobody called it: it was run.

use hostile::answer::{self, Question, Wanted};

fn main() {
    println!("{:?}", answer::progress(1.0, None, None));
    println!("{:?}", answer::ask(&[Question { name: "it".to_owned(), wanted: Wanted::Roots }]));
}
