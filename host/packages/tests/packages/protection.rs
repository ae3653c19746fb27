//! What no file grant reaches, by whatever name it is called.

use std::{fs, os::unix::fs::symlink};

use holm_packages::Protected;

use crate::common::Place;

#[test]
fn places_are_protected_by_every_name() {
    let place = Place::new();
    let (home, later) = (place.path("home"), place.path("later"));
    fs::create_dir_all(home.join("plugins")).unwrap();
    symlink(&home, place.path("work/link")).unwrap();
    symlink(home.join("new"), place.path("work/dangling")).unwrap();
    symlink(place.path("work/loop"), place.path("work/loop")).unwrap();
    let protected = Protected::new([home, later]);
    for path in [
        "home",
        "home/plugins/x/y",
        "home/grants.toml",
        "later",
        "later/x",
        "work/link",
        "work/link/a",
        "work/dangling",
    ] {
        assert!(protected.holds(&place.path(path)), "{path}");
        assert!(protected.touched_by(&place.path(path)).is_some(), "{path}");
    }
    for path in ["work", "work/data", "homely", "work/loop", "work/loop/x"] {
        assert!(!protected.holds(&place.path(path)), "{path}");
        assert!(protected.touched_by(&place.path(path)).is_none(), "{path}");
    }
    // Above it: opening is no harm, granting is.
    assert!(!protected.holds(&place.path("")) && protected.touched_by(&place.path("")).is_some());
}

#[test]
fn a_place_that_moves_stays_protected() {
    let place = Place::new();
    symlink(place.path("work/data"), place.path("home")).unwrap();
    let protected = Protected::new([place.path("home")]);
    assert!(protected.holds(&place.path("work/data/x")));
    fs::create_dir(place.path("moved")).unwrap();
    fs::remove_file(place.path("home")).unwrap();
    symlink(place.path("moved"), place.path("home")).unwrap();
    assert!(protected.holds(&place.path("moved/x")));
}
