//! A component with functions of its own types and nothing of Holm's: what others write.

wit_bindgen::generate!({ path: "wit", world: "typed" });

use std::cell::Cell;

use exports::local::typed::{
    misdeeds,
    shapes::{self, Color, CounterBorrow, Figure, Grid, GuestCounter, Point, Rights},
};

struct Typed;
export!(Typed);

impl Guest for Typed {
    fn add(a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    fn run(code: String) -> String {
        code.to_uppercase()
    }

    /// What it says besides goes to its output.
    fn greet(name: String) -> String {
        println!("greeting {name}");
        format!("Hello, {name}!")
    }
}

struct Counter(Cell<u64>);

impl GuestCounter for Counter {
    fn new(start: u64) -> Self {
        Self(Cell::new(start))
    }

    fn add(&self, more: u64) -> u64 {
        self.0.set(self.0.get().saturating_add(more));
        self.0.get()
    }

    fn largest(one: u64, other: u64) -> u64 {
        one.max(other)
    }
}

impl shapes::Guest for Typed {
    type Counter = Counter;

    fn bools(it: bool) -> bool {
        it
    }

    fn integers(
        a: i8,
        b: u8,
        c: i16,
        d: u16,
        e: i32,
        f: u32,
        g: i64,
        h: u64,
    ) -> (i8, u8, i16, u16, i32, u32, i64, u64) {
        (a, b, c, d, e, f, g, h)
    }

    fn floats(single: f32, double: f64) -> (f32, f64) {
        (single, double)
    }

    fn chars(it: char) -> char {
        it
    }

    fn strings(it: String) -> String {
        it
    }

    fn lists(it: Grid) -> Grid {
        it
    }

    fn bytes(it: Vec<u8>) -> Vec<u8> {
        it
    }

    fn records(it: Point) -> Point {
        it
    }

    fn tuples(it: (bool, String)) -> (bool, String) {
        it
    }

    fn variants(it: Vec<Figure>) -> Vec<Figure> {
        it
    }

    fn enums(it: Color) -> Color {
        it
    }

    fn flags(it: Rights) -> Rights {
        it
    }

    fn options(it: Option<Option<u8>>) -> Option<Option<u8>> {
        it
    }

    fn results(it: Vec<Result<Point, Color>>) -> Vec<Result<Point, Color>> {
        it
    }

    fn units(_: Result<(), ()>) {}

    fn fail(figure: Figure, color: Option<Color>) -> Result<Figure, Color> {
        color.map_or(Ok(figure), Err)
    }

    fn fail_in_words(words: Option<String>) -> Result<(), String> {
        words.map_or(Ok(()), Err)
    }

    fn fail_silently() -> Result<(), ()> {
        Err(())
    }

    fn look(it: CounterBorrow<'_>) -> u64 {
        it.get::<Counter>().0.get()
    }
}

impl misdeeds::Guest for Typed {
    fn panic() {
        panic!("as it was asked");
    }

    fn spin() {
        loop {
            std::hint::black_box(());
        }
    }

    fn many(count: u32) -> Vec<u8> {
        vec![7; count as usize]
    }

    /// The same inner list a thousand times a thousand: small here, huge outside.
    fn deep() -> Vec<Vec<Vec<u32>>> {
        vec![vec![vec![1; 100]; 100]; 100]
    }
}
