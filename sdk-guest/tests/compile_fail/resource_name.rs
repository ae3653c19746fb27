//! Each name of a template is a parameter.

/// A note.
#[holm::resource("notes://{day}/{part}")]
fn note(day: String) -> String {
    day
}

fn main() {}
