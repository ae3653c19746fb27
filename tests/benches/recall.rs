//! Recall and context as a guest has them, through the system calls: evidence of LoCoMo's questions that `recall` finds,
//! and that a window's render keeps within 8,000 tokens, beside the last 8,000.
//!
//! LoCoMo is CC BY-NC and no part of Holm: name its file by `HOLM_LOCOMO`, and the folder of models by `HOLM_MODELS`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark that cannot be set up fails; it prints"
)]

use std::{collections::HashMap, fmt::Write, path::Path, sync::Arc, time::Duration};

use holm_drivers::memory::{MINILM, Memory, Model};
use holm_kernel::{
    Config,
    account::{Bytes, Fuel},
};
use holm_tests::{Guest, Machine, component};
use serde_json::Value;

const CATEGORIES: [&str; 5] = ["1 multi-hop", "2 temporal", "3 open", "4 single-hop", "5 adversarial"];
const DEPTHS: [usize; 4] = [1, 5, 10, 20];
const BUDGET: u64 = 8_000;

struct Turn {
    session: usize,
    speaker: String,
    text: String,
    time: i64,
}

struct Question {
    text: String,
    category: usize,
    evidence: Vec<usize>,
}

/// Sums of one kind of question.
#[derive(Clone, Copy, Default)]
struct Sums {
    questions: f64,
    turns: [f64; 4],
    session: f64,
    kept: f64,
    last: f64,
}

fn main() {
    let Some(path) = std::env::var_os("HOLM_LOCOMO") else {
        println!("LoCoMo IS NOT MEASURED: set HOLM_LOCOMO to its file (locomo10.json)");
        return;
    };
    let data: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let models = std::env::var_os("HOLM_MODELS").map(|folder| Path::new(&folder).join(MINILM.model));
    let model = models.and_then(|folder| Model::at(&folder));
    if model.is_none() {
        println!("WORDS ALONE: set HOLM_MODELS to the folder that has {}", MINILM.model);
    }
    let by_meaning = model.is_some();
    let mut sums = [Sums::default(); 6];
    for (number, conversation) in data.as_array().unwrap().iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::open(folder.path(), model.clone()).unwrap();
        let config = Config { workers: 2, ..Config::default() };
        let machine = Machine::alone(config, |parts| parts.memory = Arc::new(memory));
        measure(machine, conversation, by_meaning, &mut sums);
        eprintln!("conversation {} of {}", number + 1, data.as_array().unwrap().len());
    }
    println!(
        "{:14} {:>6} {:>6} {:>6} {:>6} {:>6} {:>7} {:>8} {:>8}",
        "", "n", "R@1", "R@5", "R@10", "R@20", "s.hit@5", "render", "last 8k"
    );
    let mut all = Sums::default();
    for (at, name) in CATEGORIES.iter().enumerate() {
        print(name, &sums[at + 1]);
        if at < 4 {
            add(&mut all, &sums[at + 1]);
        }
    }
    print("1 to 4", &all);
}

fn add(to: &mut Sums, one: &Sums) {
    to.questions += one.questions;
    to.turns.iter_mut().zip(one.turns).for_each(|(to, one)| *to += one);
    to.session += one.session;
    to.kept += one.kept;
    to.last += one.last;
}

fn print(name: &str, sums: &Sums) {
    let share = |sum: f64| sum / sums.questions.max(1.0);
    let turns: String = sums.turns.iter().fold(String::new(), |mut line, sum| {
        let _ = write!(line, " {:6.3}", share(*sum));
        line
    });
    println!(
        "{name:14} {:6}{turns} {:7.3} {:8.3} {:8.3}",
        sums.questions,
        share(sums.session),
        share(sums.kept),
        share(sums.last)
    );
}

/// `1:56 pm on 8 May, 2023` in milliseconds since 1970, by the day.
fn time(text: &str) -> Option<i64> {
    let (_, day) = text.split_once(" on ")?;
    let mut words = day.split([' ', ',']).filter(|word| !word.is_empty());
    let (day, month, year) = (words.next()?.parse::<i64>().ok()?, words.next()?, words.next()?.parse::<i64>().ok()?);
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = 1 + months.iter().position(|name| month.starts_with(name))? as i64;
    let text = format!("{year:04}-{month:02}-{day:02}T12:00:00Z");
    let time = humantime::parse_rfc3339(&text).ok()?;
    Some(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis() as i64)
}

fn turns(conversation: &Value) -> (Vec<Turn>, HashMap<String, usize>) {
    let talk = &conversation["conversation"];
    let (mut turns, mut places) = (Vec::new(), HashMap::new());
    for session in 1.. {
        let name = format!("session_{session}");
        let Some(said) = talk[&name].as_array() else {
            if talk[format!("session_{session}_date_time")].is_null() {
                break;
            }
            continue;
        };
        let when = talk[format!("{name}_date_time")].as_str().and_then(time).unwrap_or(0);
        for turn in said {
            let speaker = turn["speaker"].as_str().unwrap().to_owned();
            let caption = turn["blip_caption"].as_str().map(|caption| format!(" [{caption}]")).unwrap_or_default();
            let text = format!("{}{caption}", turn["text"].as_str().unwrap()).replace(['\n', '\t'], " ");
            places.insert(turn["dia_id"].as_str().unwrap().to_owned(), turns.len());
            turns.push(Turn { session, speaker, text, time: when });
        }
    }
    (turns, places)
}

fn questions(conversation: &Value, places: &HashMap<String, usize>) -> Vec<Question> {
    let asked = conversation["qa"].as_array().unwrap().iter();
    let read = asked.filter_map(|question| {
        let evidence = question["evidence"].as_array()?.iter().filter_map(Value::as_str);
        let evidence = evidence.flat_map(|ids| ids.split([';', ' ', ','])).filter_map(|id| places.get(id).copied());
        let evidence: Vec<usize> = evidence.collect();
        let text = question["question"].as_str()?.replace(['\n', '\t'], " ");
        let category = question["category"].as_u64()? as usize;
        (!evidence.is_empty()).then_some(Question { text, category, evidence })
    });
    read.collect()
}

fn measure(machine: &'static Machine, conversation: &Value, by_meaning: bool, sums: &mut [Sums; 6]) {
    let (turns, places) = turns(conversation);
    let questions = questions(conversation, &places);
    let mut lines = String::new();
    for turn in &turns {
        let _ = writeln!(
            lines,
            "R\tsession {}\t{}\t{}\t{}: {}",
            turn.session, turn.speaker, turn.time, turn.speaker, turn.text
        );
    }
    // The same as a conversation of a window, whose two sides are the two people.
    let first = &turns[0].speaker;
    for turn in &turns {
        let role = if turn.speaker == *first { "user" } else { "assistant" };
        let _ = writeln!(lines, "M\t{role}\t{}: {}", turn.speaker, turn.text);
    }
    lines += if by_meaning { "W\n" } else { "" };
    let evidence = |question: &Question| {
        question.evidence.iter().map(|turn| format!("\t{}", turns[*turn].text)).collect::<String>()
    };
    for question in &questions {
        let _ = write!(lines, "Q\t20\t{0}\nV\t{BUDGET}\t{0}{1}\n", question.text, evidence(question));
    }
    // Without a query, and brought below three quarters: the newest 8,000.
    for question in &questions {
        let _ = writeln!(lines, "V\t{}\t{}", BUDGET * 4 / 3 + 230, evidence(question));
    }
    let guest = Guest::new(machine, "bench", component("bench_memory")).grant("memory=*:rw");
    let guest = guest.stdin(lines.as_bytes()).limit(|limits| {
        limits.fuel = Fuel(u64::MAX / 4);
        limits.output = Bytes(1 << 30);
        limits.memory = Bytes(1 << 30);
        limits.wall_time = Duration::from_secs(3_600);
    });
    let report = machine.runtime.block_on(guest.run());
    assert!(report.stderr.is_empty(), "{}", report.stderr);
    let mut out = report.stdout.lines();
    let ids: HashMap<u64, usize> = (0..turns.len()).map(|at| (out.next().unwrap().parse().unwrap(), at)).collect();
    let answers: Vec<&str> = out.collect();
    let (answers, last) = answers.split_at(2 * questions.len());
    assert_eq!(last.len(), questions.len(), "an answer to each question");
    let kept = |answer: &str, most: u64| {
        let (tokens, kept) = answer.split_once(' ').unwrap();
        assert!(tokens.parse::<u64>().unwrap() <= most, "{tokens} tokens");
        kept.parse::<usize>().unwrap()
    };
    for ((question, answer), last) in questions.iter().zip(answers.chunks(2)).zip(last) {
        let [recalled, shown] = answer else { panic!("two answers a question") };
        let found: Vec<usize> = recalled.split_whitespace().map(|id| ids[&id.parse().unwrap()]).collect();
        let of = |count: usize| count as f64 / question.evidence.len() as f64;
        let sum = &mut sums[question.category];
        sum.questions += 1.0;
        for (at, depth) in DEPTHS.iter().enumerate() {
            let first = &found[..found.len().min(*depth)];
            sum.turns[at] += of(question.evidence.iter().filter(|turn| first.contains(turn)).count());
        }
        let mut sessions: Vec<usize> = Vec::new();
        for turn in &found {
            if !sessions.contains(&turns[*turn].session) {
                sessions.push(turns[*turn].session);
            }
        }
        sessions.truncate(5);
        let hit = question.evidence.iter().any(|turn| sessions.contains(&turns[*turn].session));
        sum.session += f64::from(u8::from(hit));
        sum.kept += of(kept(shown, BUDGET));
        sum.last += of(kept(last, BUDGET));
    }
}
