//! Searches for tools without end, with as many words as a query may have; or looks once, with more.

use hostile::tool;

fn main() {
    let query = hostile::argument(1);
    if query != "flood" {
        match tool::search(&query, 100) {
            Ok(found) => found.iter().for_each(|tool| println!("{} {}", tool.name, tool.description)),
            Err(tool::Error::Tool(tool::ToolError::InvalidArguments(why))) => println!("{why}"),
            Err(error) => println!("{error:?}"),
        }
        return;
    }
    let words = "raed pu deegate slep gte ".repeat(40);
    loop {
        tool::search(&words, u32::MAX).expect("it is searched");
    }
}
