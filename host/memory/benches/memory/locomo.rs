//! Recall of LoCoMo's evidence: of each question, how many of the turns that answer it are found.
//!
//! The weights are judged as they would fare on conversations nobody has seen: chosen on all conversations but one,
//! measured on that one, for each in turn.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use holm_memory::{
    Draft, Embed, Memory, Query, RecordId, SpaceId,
    weigh::{WITH_VECTORS, WORDS_ALONE, Weights},
};
use serde_json::Value;

use super::embedders;

const CATEGORIES: [&str; 6] = ["", "1 multi-hop", "2 temporal", "3 open", "4 single-hop", "5 adversarial"];
const DEPTHS: [usize; 4] = [1, 5, 10, 20];
const PLAIN: Weights = Weights { text: 1.0, vector: 0.0, neighbours: 0.0, speaker: 0.0, session: 0.0, time: 0.0 };
const VECTORS: Weights = Weights { text: 0.0, vector: 1.0, ..PLAIN };

/// One conversation, remembered.
struct Conversation {
    memory: Memory,
    _folder: tempfile::TempDir,
    questions: Vec<Question>,
    sessions: HashMap<RecordId, String>,
}

struct Question {
    text: String,
    category: usize,
    evidence: HashSet<RecordId>,
}

/// What came of some questions: shares of evidence at each depth, and hits of sessions.
#[derive(Clone, Default)]
struct Tally {
    count: f64,
    at: [f64; 4],
    session: f64,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.count += other.count;
        self.session += other.session;
        self.at.iter_mut().zip(other.at).for_each(|(sum, more)| *sum += more);
    }

    fn line(&self) -> String {
        let share = |sum: f64| format!("{:6.3}", sum / self.count.max(1.0));
        let at: Vec<String> = self.at.iter().map(|sum| share(*sum)).collect();
        format!("{} {} {:5}", at.join(" "), share(self.session), self.count)
    }
}

fn space() -> SpaceId {
    SpaceId { owner: Some("bench".into()), name: "locomo".into() }
}

pub(crate) fn run(file: Option<String>) {
    let Some(path) = file.or_else(|| std::env::var("HOLM_LOCOMO").ok()) else {
        println!(
            "!! LoCoMo is not measured: name its file, or set HOLM_LOCOMO (snap-research/LoCoMo, data/locomo10.json)"
        );
        return;
    };
    let Ok(bytes) = std::fs::read(&path) else {
        println!("!! LoCoMo is not measured: {path} cannot be read");
        return;
    };
    let data: Value = serde_json::from_slice(&bytes).unwrap();
    let model = embedders::model().map(Arc::new);
    if model.is_none() {
        println!("!! full text alone: HOLM_MODELS names no folder with the model");
    }
    let conversations: Vec<Conversation> = data
        .as_array()
        .unwrap()
        .iter()
        .map(|one| remember(one, model.clone().map(|model| model as Arc<dyn Embed>)))
        .collect();
    let turns: usize = conversations.iter().map(|conversation| conversation.sessions.len()).sum();
    println!("{} conversations, {turns} turns", conversations.len());

    println!("\n{:<28}    @1     @5    @10    @20  s.h@5     n", "evidence recall");
    table(&conversations, "full text", &PLAIN);
    table(&conversations, "full text and priors", &WORDS_ALONE);
    if model.is_some() {
        table(&conversations, "vectors", &VECTORS);
        table(&conversations, "fused", &WITH_VECTORS);
        leave_one_out(&conversations, true);
    }
    leave_one_out(&conversations, false);
    merges(&data);
}

/// Remembers all turns as facts of no session, and shows what is taken for a repeat.
fn merges(data: &Value) {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::open(folder.path(), None).unwrap();
    let conversations = data.as_array().unwrap().iter();
    let sessions = conversations.flat_map(|one| one["conversation"].as_object().unwrap().values());
    let turns: Vec<&Value> = sessions.filter_map(Value::as_array).flatten().collect();
    let (mut merged, mut differ) = (0, Vec::new());
    for turns in turns.chunks(500) {
        let text = |turn: &Value| turn["text"].as_str().unwrap().to_owned();
        let speaker = |turn: &Value| turn["speaker"].as_str().map(str::to_owned);
        let draft = |turn: &&Value| Draft { text: text(turn), said_by: speaker(turn), ..Draft::default() };
        let made = memory.remember(&space(), turns.iter().map(draft).collect(), u64::MAX).unwrap();
        for (turn, made) in turns.iter().zip(made).filter(|(_, made)| made.repeated) {
            merged += 1;
            let first = memory.get(&space(), &[made.id], true).unwrap().remove(0).unwrap().unwrap().text;
            if first != text(turn) {
                differ.push((first, text(turn)));
            }
        }
    }
    println!("\nof {} turns as facts, {merged} are repeats; in other letters: {}", turns.len(), differ.len());
    differ.iter().for_each(|(one, other)| println!("  {one:?} = {other:?}"));
}

fn remember(data: &Value, model: Option<Arc<dyn Embed>>) -> Conversation {
    let folder = tempfile::tempdir().unwrap();
    let embeds = model.is_some();
    let memory = Memory::open(folder.path(), model).unwrap();
    let talk = &data["conversation"];
    let mut drafts = Vec::new();
    let mut names = Vec::new();
    for number in 1.. {
        let Some(turns) = talk[format!("session_{number}")].as_array() else {
            if talk.get(format!("session_{}_date_time", number + 1)).is_some() || number < 3 {
                continue;
            }
            break;
        };
        let time = time(talk[format!("session_{number}_date_time")].as_str().unwrap());
        for turn in turns {
            let (speaker, text) = (turn["speaker"].as_str().unwrap(), turn["text"].as_str().unwrap());
            let caption = turn["blip_caption"].as_str().map(|caption| format!(" [{caption}]")).unwrap_or_default();
            names.push(turn["dia_id"].as_str().unwrap().to_owned());
            drafts.push(Draft {
                text: format!("{speaker}: {text}{caption}"),
                kind: "message".into(),
                said_by: Some(speaker.into()),
                origin: "user".into(),
                session: Some(format!("session {number}")),
                time: Some(time),
                ..Draft::default()
            });
        }
    }
    let mut ids = Vec::new();
    for batch in drafts.chunks(500) {
        ids.extend(memory.remember(&space(), batch.to_vec(), u64::MAX).unwrap().into_iter().map(|made| made.id));
    }
    let by_name: HashMap<&str, RecordId> = names.iter().map(String::as_str).zip(ids.iter().copied()).collect();
    let sessions = ids.iter().copied().zip(drafts.into_iter().filter_map(|draft| draft.session)).collect();
    while embeds && memory.progress(&space()).unwrap().embedded < ids.len() as u64 {
        std::thread::sleep(Duration::from_millis(100));
    }
    let question = |data: &Value| {
        let evidence = data["evidence"].as_array().into_iter().flatten().filter_map(Value::as_str);
        // Some name several turns in one string, and some turns that are not there.
        let named = evidence.flat_map(|names| names.split([' ', ';', ',']));
        let evidence: HashSet<RecordId> = named.filter_map(|name| by_name.get(name).copied()).collect();
        let category = data["category"].as_u64()? as usize;
        let text = data["question"].as_str()?.to_owned();
        (!evidence.is_empty()).then_some(Question { text, category, evidence })
    };
    let questions = data["qa"].as_array().unwrap().iter().filter_map(question).collect();
    Conversation { memory, _folder: folder, questions, sessions }
}

/// `1:56 pm on 8 May, 2023`, as milliseconds.
fn time(text: &str) -> i64 {
    let words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let [clock, half, _, day, month, year] = words[..] else { panic!("not a time: {text}") };
    let (hour, minute) = clock.split_once(':').unwrap();
    let hour = hour.parse::<u8>().unwrap() % 12 + if half == "pm" { 12 } else { 0 };
    let month =
        (1..=12).find(|number| time::Month::try_from(*number).is_ok_and(|known| known.to_string().starts_with(month)));
    let month = time::Month::try_from(month.unwrap()).unwrap();
    let date = time::Date::from_calendar_date(year.parse().unwrap(), month, day.parse().unwrap()).unwrap();
    date.with_hms(hour, minute.parse().unwrap(), 0).unwrap().assume_utc().unix_timestamp() * 1_000
}

fn ask(conversation: &Conversation, question: &Question, weights: &Weights, k: usize) -> Vec<holm_memory::Hit> {
    let query = Query { text: question.text.clone(), k, ..Query::default() };
    conversation.memory.recall_with(&space(), &query, Some(weights)).unwrap().hits
}

fn judge(conversation: &Conversation, question: &Question, found: &[RecordId]) -> Tally {
    let mut tally = Tally { count: 1.0, ..Tally::default() };
    for (sum, depth) in tally.at.iter_mut().zip(DEPTHS) {
        let hits = found.iter().take(depth).filter(|id| question.evidence.contains(id)).count();
        *sum = hits as f64 / question.evidence.len() as f64;
    }
    let wanted: HashSet<&String> = question.evidence.iter().map(|id| &conversation.sessions[id]).collect();
    let mut seen = Vec::new();
    for session in found.iter().map(|id| &conversation.sessions[id]) {
        if !seen.contains(&session) {
            seen.push(session);
        }
    }
    tally.session = f64::from(u8::from(seen.iter().take(5).any(|session| wanted.contains(session))));
    tally
}

fn table(conversations: &[Conversation], name: &str, weights: &Weights) {
    let mut tallies: BTreeMap<usize, Tally> = BTreeMap::new();
    for conversation in conversations {
        for question in &conversation.questions {
            let found: Vec<RecordId> =
                ask(conversation, question, weights, 100).iter().map(|hit| hit.record.id).collect();
            tallies.entry(question.category).or_default().add(&judge(conversation, question, &found));
        }
    }
    let mut all = Tally::default();
    tallies.iter().filter(|(category, _)| **category < 5).for_each(|(_, tally)| all.add(tally));
    println!("{name:<22} {:<5} {}", "1-4", all.line());
    for (category, tally) in &tallies {
        println!("  {:<26} {}", CATEGORIES[*category], tally.line());
    }
}

/// What speaks for a record, before weights: words, meaning, words and meaning beside it, speaker, session, time.
type Evidence = [f32; 7];

fn evidence(conversation: &Conversation, question: &Question, vectors: bool) -> Vec<(RecordId, Evidence)> {
    let words = Weights { text: 1.0, vector: 0.0, neighbours: 1.0, speaker: 1.0, session: 1.0, time: 1.0 };
    let mut all: HashMap<RecordId, Evidence> = HashMap::new();
    for hit in ask(conversation, question, &words, 1_000) {
        let parts = hit.parts;
        all.insert(hit.record.id, [parts.text, 0.0, parts.neighbours, 0.0, parts.speaker, parts.session, parts.time]);
    }
    if vectors {
        for hit in ask(
            conversation,
            question,
            &Weights { text: 0.0, vector: 1.0, speaker: 0.0, session: 0.0, time: 0.0, ..words },
            1_000,
        ) {
            let known = all.entry(hit.record.id).or_default();
            (known[1], known[3]) = (hit.parts.vector, hit.parts.neighbours);
        }
    }
    all.into_iter().collect()
}

fn score(weights: &Weights, evidence: &Evidence) -> f32 {
    let [text, vector, beside_text, beside_vector, speaker, session, time] = evidence;
    weights.text * (text + weights.neighbours * beside_text)
        + weights.vector * (vector + weights.neighbours * beside_vector)
        + weights.speaker * speaker
        + weights.session * session
        + weights.time * time
}

fn grid(vectors: bool) -> Vec<Weights> {
    let mut all = Vec::new();
    let meanings: &[f32] = if vectors { &[0.5, 0.65, 0.8, 1.0] } else { &[0.0] };
    for vector in meanings {
        for neighbours in [0.2, 0.3, 0.4, 0.5] {
            for speaker in [0.6, 1.2, 1.8, 2.4] {
                for session in [0.45, 0.6, 0.8, 1.0, 1.3] {
                    for time in [0.3, 0.6, 0.9, 1.2] {
                        all.push(Weights { text: 0.5, vector: *vector, neighbours, speaker, session, time });
                    }
                }
            }
        }
    }
    all
}

/// Chooses weights on all conversations but one, and measures that one by the real recall.
fn leave_one_out(conversations: &[Conversation], vectors: bool) {
    let grid = grid(vectors);
    // By weights and conversation: what came of its questions. It is the sum of parts, so recall is asked once.
    let mut tallies = vec![vec![Tally::default(); conversations.len()]; grid.len()];
    for (number, conversation) in conversations.iter().enumerate() {
        for question in conversation.questions.iter().filter(|question| question.category < 5) {
            let evidence = evidence(conversation, question, vectors);
            for (weights, tallies) in grid.iter().zip(&mut tallies) {
                let mut scored: Vec<(f32, RecordId)> =
                    evidence.iter().map(|(id, evidence)| (score(weights, evidence), *id)).collect();
                let depth = 100.min(scored.len().saturating_sub(1));
                if depth > 0 {
                    scored.select_nth_unstable_by(depth, |one, other| other.0.total_cmp(&one.0));
                }
                scored.truncate(100);
                scored.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(other.1.cmp(&one.1)));
                let found: Vec<RecordId> = scored.into_iter().map(|(_, id)| id).collect();
                tallies[number].add(&judge(conversation, question, &found));
            }
        }
    }
    let goal = |tallies: &[Tally], without: Option<usize>| {
        let mut all = Tally::default();
        tallies.iter().enumerate().filter(|(number, _)| Some(*number) != without).for_each(|(_, tally)| all.add(tally));
        (all.at[1] + all.at[2] + all.session) / all.count
    };
    let best = |without: Option<usize>| {
        let judged = tallies.iter().map(|tallies| goal(tallies, without));
        judged.enumerate().max_by(|one, other| one.1.total_cmp(&other.1)).unwrap().0
    };
    println!("\nleave one conversation out, {}", if vectors { "fused" } else { "words alone" });
    let mut unseen = Vec::new();
    for (number, conversation) in conversations.iter().enumerate() {
        let weights = &grid[best(Some(number))];
        let mut tally = Tally::default();
        for question in conversation.questions.iter().filter(|question| question.category < 5) {
            let found: Vec<RecordId> =
                ask(conversation, question, weights, 100).iter().map(|hit| hit.record.id).collect();
            tally.add(&judge(conversation, question, &found));
        }
        println!("  {number} unseen                   {}   {weights:?}", tally.line());
        unseen.push(tally);
    }
    let spread = |of: &dyn Fn(&Tally) -> f64| {
        let each: Vec<f64> = unseen.iter().map(|tally| of(tally) / tally.count).collect();
        let mean = each.iter().sum::<f64>() / each.len() as f64;
        let squares = each.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (each.len() - 1).max(1) as f64;
        format!("{mean:.3} ± {:.3}", squares.sqrt())
    };
    for (at, depth) in DEPTHS.iter().enumerate() {
        println!("  unseen R@{depth:<3}  {}", spread(&|tally| tally.at[at]));
    }
    println!("  unseen s.h@5  {}", spread(&|tally| tally.session));
    let chosen = best(None);
    println!("  best on all   {:?}, goal {:.4}", grid[chosen], goal(&tallies[chosen], None));
}
