//! Who calls a provider next: weighted-fair by tokens, between process trees first, then inside.
//!
//! A flow that begins to wait starts at the clock, or where it was served up to if that is further
//! on; a call's finish tag lies its tokens over its flow's weight beyond; the least finish tag goes
//! first. The clock goes on with each call by its tokens over the weights of all that wait, and is
//! never behind them all (the virtual time of WF²Q+, Bennett and Zhang, 1996). So a short call
//! passes a long one, a flow that used little lately passes one that used much, nobody waits for
//! ever, since tags only grow, and a heavy flow that comes back after each reply does not stand
//! behind all who came before it, as it does where the clock is the tag of what was served last.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use crate::{process::Pid, sched::Weight};

/// Whose call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flow {
    /// The root of the process tree, and its share.
    pub(super) tree: (Pid, Weight),
    /// The process, and its share within the tree.
    pub(super) process: (Pid, Weight),
}

/// Calls that wait for one provider.
#[derive(Debug)]
pub(super) struct Queue<T> {
    trees: HashMap<Pid, Share<Tree<T>>>,
    /// What each flow would have been served for each unit of weight, were all served at once.
    clock: f64,
    waiting: usize,
}

#[derive(Debug)]
struct Tree<T> {
    processes: HashMap<Pid, Share<VecDeque<Entry<T>>>>,
    clock: f64,
}

/// A flow among its siblings.
#[derive(Debug)]
struct Share<F> {
    /// Up to here it has been served.
    finish: f64,
    weight: f64,
    flow: F,
}

/// A call that waits.
#[derive(Debug)]
pub(super) struct Entry<T> {
    /// Counts the calls in the order they came.
    pub(super) ticket: u64,
    /// About what it will use.
    pub(super) tokens: u64,
    /// When nobody wants it any more. Among calls of one process the sooner goes first; what
    /// others get does not depend on it.
    pub(super) deadline: Instant,
    pub(super) call: T,
}

impl<T> Entry<T> {
    fn size(&self) -> f64 {
        self.tokens.max(1) as f64
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { trees: HashMap::new(), clock: 0.0, waiting: 0 }
    }
}

impl<F> Share<F> {
    /// Up to where it will have been served with `tokens` more.
    fn after(&self, tokens: f64) -> f64 {
        self.finish + tokens / self.weight
    }
}

fn weight(weight: Weight) -> f64 {
    f64::from(weight.0.max(1))
}

impl<T> Tree<T> {
    fn waits(&self) -> bool {
        self.processes.values().any(|process| !process.flow.is_empty())
    }
}

/// Of all flows that wait, together.
fn weights<F>(shares: &HashMap<Pid, Share<F>>, waits: impl Fn(&F) -> bool) -> f64 {
    shares.values().filter(|share| waits(&share.flow)).map(|share| share.weight).sum()
}

/// The clock, or the place of the hindmost of the flows that wait, if all of them are further on.
fn not_behind<F>(clock: f64, shares: &HashMap<Pid, Share<F>>, waits: impl Fn(&F) -> bool) -> f64 {
    let hindmost = shares.values().filter(|share| waits(&share.flow)).map(|share| share.finish).reduce(f64::min);
    clock.max(hindmost.unwrap_or(clock))
}

impl<T> Queue<T> {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    /// A call waits from now on.
    pub(super) fn push(&mut self, flow: Flow, entry: Entry<T>) {
        let fresh = || Share { finish: 0.0, weight: 1.0, flow: Tree { processes: HashMap::new(), clock: 0.0 } };
        let tree = self.trees.entry(flow.tree.0).or_insert_with(fresh);
        tree.weight = weight(flow.tree.1);
        if !tree.flow.waits() {
            tree.finish = tree.finish.max(self.clock);
        }
        let fresh = || Share { finish: 0.0, weight: 1.0, flow: VecDeque::new() };
        let process = tree.flow.processes.entry(flow.process.0).or_insert_with(fresh);
        process.weight = weight(flow.process.1);
        if process.flow.is_empty() {
            process.finish = process.finish.max(tree.flow.clock);
        }
        let place = process.flow.partition_point(|before| before.deadline <= entry.deadline);
        process.flow.insert(place, entry);
        self.waiting += 1;
    }

    /// The tokens of the call that goes next, if one waits.
    pub(super) fn peek(&self) -> Option<u64> {
        let (tree, process, _) = self.next()?;
        Some(self.trees[&tree].flow.processes[&process].flow.front()?.tokens)
    }

    /// Takes the call that goes next.
    pub(super) fn pop(&mut self) -> Option<T> {
        let (tree_id, process_id, finish) = self.next()?;
        let trees = weights(&self.trees, Tree::waits);
        let tree = self.trees.get_mut(&tree_id)?;
        let processes = weights(&tree.flow.processes, |calls| !calls.is_empty());
        let process = tree.flow.processes.get_mut(&process_id)?;
        let entry = process.flow.pop_front()?;
        let size = entry.size();
        process.finish = process.after(size);
        tree.finish = finish;
        tree.flow.clock += size / processes;
        tree.flow.clock = not_behind(tree.flow.clock, &tree.flow.processes, |calls| !calls.is_empty());
        self.clock = not_behind(self.clock + size / trees, &self.trees, Tree::waits);
        self.waiting -= 1;
        self.forget();
        Some(entry.call)
    }

    /// Takes a call out before its turn.
    pub(super) fn cancel(&mut self, flow: &Flow, ticket: u64) -> Option<T> {
        let tree = self.trees.get_mut(&flow.tree.0)?;
        let process = tree.flow.processes.get_mut(&flow.process.0)?;
        let place = process.flow.iter().position(|entry| entry.ticket == ticket)?;
        let entry = process.flow.remove(place)?;
        self.waiting -= 1;
        self.forget();
        Some(entry.call)
    }

    /// Takes all calls out, and charges nobody for them.
    pub(super) fn drain(&mut self) -> Vec<T> {
        let processes = self.trees.values_mut().flat_map(|tree| tree.flow.processes.values_mut());
        let calls = processes.flat_map(|process| process.flow.drain(..)).map(|entry| entry.call).collect();
        self.waiting = 0;
        self.forget();
        calls
    }

    /// A call that was served used `used` tokens where `expected` were counted.
    pub(super) fn settle(&mut self, flow: &Flow, expected: u64, used: u64) {
        let difference = used as f64 - expected.max(1) as f64;
        // A flow that is forgotten stands at the clock: what it used too much is lost with it.
        let Some(tree) = self.trees.get_mut(&flow.tree.0) else { return };
        tree.finish += difference / tree.weight;
        if let Some(process) = tree.flow.processes.get_mut(&flow.process.0) {
            process.finish += difference / process.weight;
        }
    }

    /// Tree, process and the tree's finish tag of what goes next.
    fn next(&self) -> Option<(Pid, Pid, f64)> {
        let heads = self.trees.iter().filter_map(|(tree_id, tree)| {
            let heads = tree.flow.processes.iter().filter_map(|(id, process)| {
                let head = process.flow.front()?;
                Some((process.after(head.size()), head.ticket, *id, head.size()))
            });
            let (_, ticket, process, tokens) = heads.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))?;
            Some((tree.after(tokens), ticket, *tree_id, process))
        });
        let (finish, _, tree, process) = heads.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))?;
        Some((tree, process, finish))
    }

    /// Forgets flows with nothing to say that owe nothing.
    fn forget(&mut self) {
        let clock = self.clock;
        for tree in self.trees.values_mut() {
            let clock = tree.flow.clock;
            tree.flow.processes.retain(|_, process| !process.flow.is_empty() || process.finish > clock);
        }
        self.trees.retain(|_, tree| !tree.flow.processes.is_empty() || tree.finish > clock);
        if self.waiting == 0 && self.trees.len() > IDLE_FLOWS {
            self.trees.clear();
        }
    }
}

/// Flows that are remembered while nothing waits. Stops a queue that grows with each process that
/// ever called.
const IDLE_FLOWS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    impl<T> Queue<T> {
        fn put(&mut self, flow: Flow, ticket: u64, tokens: u64, call: T) {
            static NEVER: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
            self.push(flow, Entry { ticket, tokens, deadline: *NEVER, call });
        }
    }

    fn flow(tree: u32, process: u32, nice_weight: u32) -> Flow {
        Flow { tree: (Pid::new(tree, 0), Weight(nice_weight)), process: (Pid::new(process, 0), Weight(1024)) }
    }

    /// Serves a saturated queue: each flow calls again as soon as it was served.
    fn saturate(flows: &[(Flow, u64)], served: usize) -> Vec<u64> {
        let mut queue = Queue::default();
        let mut tokens = vec![0; flows.len()];
        let mut ticket = 0;
        for (index, (flow, size)) in flows.iter().enumerate() {
            ticket += 1;
            queue.put(*flow, ticket, *size, index);
        }
        for _ in 0..served {
            let index = queue.pop().expect("taken");
            tokens[index] += flows[index].1;
            ticket += 1;
            queue.put(flows[index].0, ticket, flows[index].1, index);
        }
        tokens
    }

    fn jain(shares: &[u64]) -> f64 {
        let sum: f64 = shares.iter().map(|share| *share as f64).sum();
        let squares: f64 = shares.iter().map(|share| (*share as f64).powi(2)).sum();
        sum * sum / (shares.len() as f64 * squares)
    }

    #[test]
    fn equal_flows_get_equal_tokens_whatever_their_calls_are() {
        let flows: Vec<_> = (1..=20).map(|n| (flow(n, n, 1024), if n % 2 == 0 { 100 } else { 1000 })).collect();
        let shares = saturate(&flows, 20_000);
        assert!(jain(&shares) > 0.999, "{shares:?}");
    }

    #[test]
    fn weight_is_share() {
        let shares = saturate(&[(flow(1, 1, 9548), 500), (flow(2, 2, 1024), 500)], 5_000);
        let ratio = shares[0] as f64 / shares[1] as f64;
        assert!((ratio - 9548.0 / 1024.0).abs() < 0.2, "{ratio}");
    }

    #[test]
    fn twenty_children_get_what_one_process_gets() {
        let mut flows: Vec<_> = (10..30).map(|n| (flow(1, n, 1024), 300)).collect();
        flows.push((flow(2, 2, 1024), 300));
        let shares = saturate(&flows, 8_000);
        let children: u64 = shares[..20].iter().sum();
        assert!((children as f64 / shares[20] as f64 - 1.0).abs() < 0.01);
        assert!(jain(&shares[..20]) > 0.999, "{shares:?}");
    }

    #[test]
    fn a_heavy_flow_that_comes_back_after_each_reply_waits_little() {
        // 128 equal flows and one of nice −10, each with one call at a time; 16 are under way at once,
        // and use less than was expected.
        let flows: Vec<_> = (0..129).map(|n| flow(n + 1, n + 1, if n == 128 { 9548 } else { 1024 })).collect();
        let mut queue = Queue::default();
        let (mut under_way, mut since, mut waits) = (VecDeque::new(), vec![0; 129], vec![Vec::new(); 129]);
        for (ticket, flow) in flows.iter().enumerate() {
            queue.put(*flow, ticket as u64, 80, ticket);
        }
        for now in 1..20_000 {
            let index = queue.pop().expect("somebody waits");
            waits[index].push(now - since[index]);
            under_way.push_back(index);
            if under_way.len() == 16 {
                let back = under_way.pop_front().expect("it is there");
                queue.settle(&flows[back], 80, 26);
                since[back] = now;
                queue.put(flows[back], now as u64 + 1_000, 80, back);
            }
        }
        let mut heavy = waits.pop().expect("the last one");
        heavy.sort_unstable();
        let [p99, most] = [heavy[heavy.len() * 99 / 100], heavy[heavy.len() - 1]];
        assert!(heavy.len() > 500 && p99 <= 20, "{} calls, p99 {p99}, most {most}", heavy.len());
        let served: Vec<u64> = waits.iter().map(|waits| waits.len() as u64).collect();
        assert!(jain(&served) > 0.999, "{served:?}");
    }

    #[test]
    fn a_short_call_passes_long_ones() {
        let mut queue = Queue::default();
        for n in 1..=5 {
            queue.put(flow(n, n, 1024), n.into(), 10_000, "long");
        }
        queue.put(flow(9, 9, 1024), 9, 10, "short");
        assert_eq!(queue.pop(), Some("short"));
    }

    #[test]
    fn a_sleeper_saves_nothing_up() {
        let mut queue = Queue::default();
        for ticket in 0..1000 {
            queue.put(flow(1, 1, 1024), ticket, 100, 1);
            queue.pop();
        }
        for ticket in 0..10 {
            queue.put(flow(1, 1, 1024), ticket, 100, 1);
            queue.put(flow(2, 2, 1024), 100 + ticket, 100, 2);
        }
        let first: Vec<_> = (0..10).filter_map(|_| queue.pop()).collect();
        assert!(first.iter().filter(|flow| **flow == 2).count() <= 6, "{first:?}");
    }

    #[test]
    fn what_was_used_beyond_the_estimate_is_owed() {
        let mut queue = Queue::default();
        let (greedy, other) = (flow(1, 1, 1024), flow(2, 2, 1024));
        queue.put(greedy, 1, 10, "greedy");
        queue.put(greedy, 2, 10, "greedy");
        queue.put(other, 3, 500, "other");
        assert_eq!(queue.pop(), Some("greedy"));
        queue.settle(&greedy, 10, 10_000);
        assert_eq!(queue.pop(), Some("other"));
        assert_eq!((queue.cancel(&greedy, 2), queue.len()), (Some("greedy"), 0));
    }

    #[test]
    fn who_is_sent_away_owes_nothing() {
        let mut queue = Queue::default();
        let (greedy, other) = (flow(1, 1, 1024), flow(2, 2, 1024));
        for ticket in 0..100 {
            queue.put(greedy, ticket, 1_000, "greedy");
        }
        assert_eq!((queue.drain().len(), queue.len()), (100, 0));
        queue.put(greedy, 200, 10, "greedy");
        queue.put(other, 201, 20, "other");
        assert_eq!(queue.pop(), Some("greedy"));
    }

    #[test]
    fn the_sooner_deadline_goes_first_within_a_process() {
        let mut queue = Queue::default();
        let now = Instant::now();
        let entry = |ticket, seconds, call| {
            let deadline = now + std::time::Duration::from_secs(seconds);
            Entry { ticket, tokens: 10, deadline, call }
        };
        queue.push(flow(1, 1, 1024), entry(1, 60, "late"));
        queue.push(flow(1, 1, 1024), entry(2, 5, "soon"));
        queue.push(flow(2, 2, 1024), entry(3, 1, "another's"));
        queue.push(flow(1, 1, 1024), entry(4, 5, "soon too"));
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, ["soon", "another's", "soon too", "late"]);
    }
}
