//! A name service that tells what a test wants, each time something else if need be.

use std::{collections::HashMap, net::IpAddr};

use futures_core::future::BoxFuture;
use holm_drivers::net::Resolve;
use holm_kernel::net::Place;
use parking_lot::Mutex;

/// Answers for names; none for names it was not told of.
#[derive(Default)]
pub struct Names(Mutex<HashMap<String, Known>>);

struct Known {
    /// One list for each time it is asked; the last goes on.
    answers: Vec<Vec<IpAddr>>,
    asked: usize,
}

impl Names {
    /// Answers for a name, one after the other.
    pub fn tell(&self, name: &str, answers: &[&[&str]]) {
        let addresses = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        let answers = answers.iter().map(addresses).collect();
        self.0.lock().insert(name.to_owned(), Known { answers, asked: 0 });
    }

    /// How often it was asked.
    pub fn asked(&self, name: &str) -> usize {
        self.0.lock().get(name).map_or(0, |known| known.asked)
    }
}

impl Resolve for Names {
    fn resolve(&self, name: String, _: Place) -> BoxFuture<'static, Vec<IpAddr>> {
        let mut all = self.0.lock();
        let answer = all.get_mut(&name).and_then(|known| {
            known.asked += 1;
            known.answers.get(known.asked - 1).or(known.answers.last()).cloned()
        });
        Box::pin(async move { answer.unwrap_or_default() })
    }
}
