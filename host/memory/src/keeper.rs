//! What goes on behind calls: long tails go to disk, new records get vectors, what has expired is forgotten by
//! whoever opens or writes its space. Two threads, so that a slow model holds no index up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
};

use crate::{
    error::MemoryError,
    memory::Grounds,
    space::{self, Space, sound},
    store,
    text::Disk,
};

/// Texts that are embedded at once. Larger batches are no faster on one thread, and hold the last text up.
const BATCH: usize = 16;
/// Tails' lengths of one, after which whoever remembers waits for the index.
const LONGEST: usize = 8;

/// The threads.
pub(crate) struct Keeper {
    ground: Arc<Grounds>,
    index: Option<Sender<Arc<Space>>>,
    embed: Option<Sender<Arc<Space>>>,
    ends: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Keeper {
    pub(crate) fn start(ground: Arc<Grounds>) -> std::io::Result<Keeper> {
        let ends = Arc::new(AtomicBool::new(false));
        let (index, spaces) = channel::<Arc<Space>>();
        let mut threads = Vec::new();
        let lent = ground.clone();
        threads.push(
            std::thread::Builder::new().name("holm-memory-index".into()).spawn(move || index_all(&lent, &spaces))?,
        );
        let (embed, spaces) = channel::<Arc<Space>>();
        let (lent, end) = (ground.clone(), ends.clone());
        threads.push(
            std::thread::Builder::new()
                .name("holm-memory-embed".into())
                .spawn(move || embed_all(&lent, &spaces, &end))?,
        );
        Ok(Keeper { ground, index: Some(index), embed: Some(embed), ends, threads })
    }

    /// Says that a space has new texts; waits for the index where too many do already.
    pub(crate) fn tell(&self, space: &Arc<Space>) -> Result<(), MemoryError> {
        let ground = self.ground.lend();
        let (tail, wanting) = {
            let state = space.read(&ground)?;
            (state.text.tail.len(), !state.wanting.is_empty())
        };
        if tail > ground.tail * LONGEST {
            settle(&self.ground, space);
        } else if tail > ground.tail && !space.told_index.swap(true, Ordering::AcqRel) {
            self.index.as_ref().map(|index| index.send(space.clone()));
        }
        if wanting && !space.told_embed.swap(true, Ordering::AcqRel) {
            self.embed.as_ref().map(|embed| embed.send(space.clone()));
        }
        Ok(())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
        self.index = None;
        self.embed = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of memory panicked");
            }
        }
    }
}

fn index_all(ground: &Grounds, spaces: &Receiver<Arc<Space>>) {
    while let Ok(space) = spaces.recv() {
        space.told_index.store(false, Ordering::Release);
        settle(ground, &space);
    }
}

/// Brings the tail of a space to disk.
fn settle(grounds: &Grounds, space: &Space) {
    let ground = grounds.lend();
    let _indexing = space.indexing.lock();
    let work = || -> Result<(), String> {
        let told = |error: MemoryError| error.to_string();
        let (opening, texts, disk) = {
            let state = space.read(&ground).map_err(told)?;
            let texts: Vec<_> = state.text.tail.texts();
            let ids: Vec<_> = texts
                .iter()
                .map(|(place, version)| (*place, *version, state.catalogue.entries[*place as usize].id))
                .collect();
            let disk = state.text.disk.as_ref().map(|disk| sound(|| disk.again())).transpose()?;
            (state.opening, ids, disk)
        };
        if texts.len() <= ground.tail {
            return Ok(());
        }
        let made = match disk {
            Some(disk) => disk,
            None => {
                space::remove(&space.text_folder());
                sound(|| Disk::create(&space.text_folder()))?
            }
        };
        let view = ground.store.view().map_err(told)?;
        let mut settled = Vec::with_capacity(texts.len());
        let mut added = texts.iter().filter_map(|(place, version, id)| {
            let kept = space::read(&view, ground.keys, space.number, *id).ok()??;
            // A text that has changed since is in the tail by its new version, and goes next time.
            let same = kept.worded == *version;
            same.then(|| {
                settled.push((*place, *version));
                (*id, kept.worded, kept.record.text)
            })
        });
        sound(|| made.add(&mut added))?;
        let mut again = sound(|| made.again())?;
        // Closed, or opened anew meanwhile: then it knows the index as it is on disk.
        let Some(mut state) = space.loaded().filter(|state| state.opening == opening) else { return Ok(()) };
        let state = &mut *state;
        sound(|| again.map(&state.catalogue, state.text.disk.as_ref()))?;
        state.text.disk = Some(again);
        state.text.tail.settled(&settled);
        Ok(())
    };
    if let Err(why) = work() {
        space.distrust(&why);
    }
}

fn embed_all(ground: &Grounds, spaces: &Receiver<Arc<Space>>, ends: &AtomicBool) {
    while let Ok(space) = spaces.recv() {
        space.told_embed.store(false, Ordering::Release);
        while !ends.load(Ordering::Acquire) {
            match embed_some(ground, &space) {
                Ok(true) => {}
                Ok(false) => break,
                Err(why) => {
                    tracing::warn!(space = space.number, %why, "records have no vectors, and are found by their words");
                    break;
                }
            }
        }
    }
}

/// Gives some records their vectors, and tells whether more may want theirs.
fn embed_some(grounds: &Grounds, space: &Space) -> Result<bool, String> {
    let Some(embedder) = grounds.embedder.as_deref() else { return Ok(false) };
    let ground = grounds.lend();
    let told = |error: MemoryError| error.to_string();
    let (opening, wanted) = {
        let state = space.read(&ground).map_err(told)?;
        let entries = &state.catalogue.entries;
        let wanting = state.wanting.iter().take(BATCH);
        let wanted = wanting.map(|place| (*place, entries[*place as usize].id, entries[*place as usize].worded));
        (state.opening, wanted.collect::<Vec<_>>())
    };
    if wanted.is_empty() {
        return Ok(false);
    }
    let view = ground.store.view().map_err(told)?;
    let mut texts = Vec::new();
    for (place, id, version) in &wanted {
        if let Ok(Some(store::Kept { record, worded, .. })) = space::read(&view, ground.keys, space.number, *id)
            && worded == *version
        {
            texts.push((*place, *version, record.text));
        }
    }
    drop(view);
    let borrowed: Vec<&str> = texts.iter().map(|(_, _, text)| text.as_str()).collect();
    let vectors =
        if borrowed.is_empty() { Vec::new() } else { embedder.embed(&borrowed).map_err(|error| error.to_string())? };
    // Closed meanwhile: whoever opens it finds out again what is wanted.
    let Some(mut state) = space.loaded() else { return Ok(false) };
    if state.opening != opening {
        return Ok(true);
    }
    let state = &mut *state;
    for ((place, version, _), vector) in texts.iter().zip(&vectors) {
        let newest = state.catalogue.lives(*place) && state.catalogue.entries[*place as usize].worded == *version;
        if newest && let Some(table) = &mut state.vectors {
            table.set(&state.catalogue, *place, vector).map_err(told)?;
        }
    }
    for (place, ..) in &wanted {
        if state.wanting.front() == Some(place) {
            state.wanting.pop_front();
        }
    }
    Ok(true)
}
