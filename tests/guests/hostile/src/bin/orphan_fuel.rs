//! Lets a child start a burner and end at once, over and over: what orphans burn is paid for too.

fn main() {
    match hostile::argument(1).as_str() {
        "burner" => loop {
            std::hint::black_box(0);
        },
        "child" => {
            let burner = hostile::again(&["burner"], None, None).expect("a grandchild");
            // Let it burn a while; what it has may be less than that.
            while burner.usage().expect("it is there").fuel < 2_000_000 && burner.status().is_ok_and(|it| it.is_none())
            {
                hostile::clocks::monotonic_clock::subscribe_duration(100_000).block();
            }
        }
        _ => loop {
            let child = hostile::again(&["child"], None, None);
            match child {
                Ok(child) => drop(child.wait()),
                Err(error) => {
                    println!("{}", hostile::spawn_word(&error));
                    return;
                }
            }
        },
    }
}
