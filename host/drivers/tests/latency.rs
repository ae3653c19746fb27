//! How long a commit takes: `cargo test -p holm-drivers --test latency -- --ignored --nocapture`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test, whose numbers are of interest")]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{PLENTY, bucket, put};
use holm_drivers::storage::{NAMES, open};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn commits_alone_and_together() {
    for name in NAMES {
        let dir = tempfile::tempdir().unwrap();
        let store = open(name, dir.path()).unwrap();
        for writers in [1, 64] {
            let start = Instant::now();
            let tasks: Vec<_> = (0..writers)
                .map(|writer| {
                    let store = Arc::clone(&store);
                    tokio::spawn(async move {
                        let mut times = Vec::new();
                        for number in 0..500 / if writers == 1 { 1 } else { 10 } {
                            let key = format!("{writers}-{writer}-{number}");
                            let start = Instant::now();
                            store.commit(&bucket("b", "b"), vec![put(&key, [7; 512])], PLENTY).await.unwrap();
                            times.push(start.elapsed());
                        }
                        times
                    })
                })
                .collect();
            let mut times = Vec::new();
            for task in tasks {
                times.extend(task.await.unwrap());
            }
            let rate = times.len() as f64 / start.elapsed().as_secs_f64();
            print(name, &format!("{writers:2} writers, {rate:6.0} commits/s"), times);
        }
        let mut times = Vec::new();
        for number in 0..2000 {
            let start = Instant::now();
            store.get(&bucket("b", "b"), &format!("1-0-{}", number % 500)).await.unwrap().unwrap();
            times.push(start.elapsed());
        }
        print(name, "get", times);
    }
}

fn print(name: &str, what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    println!("{name:6} {what}: p50 {:?} p99 {:?}", at(50), at(99));
}
