//! The bench of agents, with few of them: it goes on working.
#![allow(dead_code, reason = "what prints and what measures memory is the bench's alone")]
#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "it is a bench, and a test")]

#[path = "../benches/agents/holm.rs"]
mod holm;
#[path = "../benches/agents/plain.rs"]
mod plain;
#[path = "../benches/agents/process.rs"]
mod process;
#[path = "../benches/agents/saturation.rs"]
mod saturation;
#[path = "../benches/agents/scale.rs"]
mod scale;
#[path = "../benches/agents/server.rs"]
mod server;
#[path = "../benches/agents/table.rs"]
mod table;

use std::time::Duration;

use saturation::Crowd;
use scale::Shape;

#[test]
fn eight_agents_beside_eight_tasks() {
    process::runtime().unwrap().block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(server::serve(listener));
        let latency = Duration::from_millis(20);
        let shape = Shape { agents: 8, calls: 3, latency, rounds: 2 };
        let scaled = scale::measure(address, None, shape).await.unwrap();
        for side in [scaled.holm, scaled.plain] {
            assert!(side.rate > 0.0 && side.turnaround.p50 >= 0.02 && !side.processor.is_zero());
        }
        let crowd = Crowd { agents: 8, concurrency: 2, latency, time: Duration::from_secs(2) };
        let served = saturation::measure(address, crowd).await.unwrap();
        assert!(served.calls > 1.0 && served.jain > 0.5 && served.others > served.nice, "{}", served.jain);
        let table = table::Measured { scaled: vec![(scaled, 1 << 20, 1 << 20)], served: Some(served) };
        assert!(table.markdown().starts_with("| agents |") && table.json().contains("\"jain\":"));
    });
}
