//! Gives a file outside its directory a second name inside, and moves it in: `hard_link_escape SECRET DIRECTORY`.

use std::fs;

fn main() {
    let (secret, directory) = (hostile::argument(1), hostile::argument(2));
    let inside = format!("{directory}/mine");
    println!("link {:?}", fs::hard_link(&secret, &inside).map_err(|error| error.kind()));
    println!("because {}", hostile::last_denial());
    println!("rename {:?}", fs::rename(&secret, &inside).map_err(|error| error.kind()));
    println!(
        "out {:?}",
        fs::write(&inside, "x").and_then(|()| fs::rename(&inside, &secret)).map_err(|error| error.kind())
    );
    println!("copy {:?}", fs::copy(&secret, &inside).map_err(|error| error.kind()));
}
