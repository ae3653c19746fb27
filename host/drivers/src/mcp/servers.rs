//! The servers of a kernel: started when they are called, one for each tree of processes, watched, ended.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use futures_core::future::BoxFuture;
use holm_kernel::{
    account::Bytes,
    devices::tool::{self, ServerCall, ServerError},
    process::Pid,
    program::{Offer, Offered, ToolDescription},
};
use parking_lot::{Mutex, RwLock};
use tokio::{runtime::Handle, task::JoinHandle};

use super::{
    Catalogue, Launch, Pins, PinsError, Server, Standing, Table, Trouble, config, instance::Instance, login::Logins,
    pins::Look,
};

/// Servers under way. Stops trees that start one after the other until the machine is full.
const UNDER_WAY: usize = 64;
/// Servers under way for one tree.
const OF_ONE_TREE: usize = 16;
/// One that nobody needed for so long is ended.
const IDLE: Duration = Duration::from_secs(5 * 60);
/// One that nobody needed for so long makes room for another where all is full.
const UNUSED: Duration = Duration::from_secs(30);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Between two starts of a server that failed: doubled with each failure.
const BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);
/// Restarts that are not waited for: a server may die once.
const AT_ONCE: u32 = 1;

/// For whom a server runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Whose {
    /// A tree of processes.
    Tree(Pid),
    /// All of them.
    Everyone,
    /// Its user, who calls it by hand.
    Operator,
}

/// A server for somebody: under way, or why it is not.
#[derive(Default)]
struct Slot {
    running: Option<Arc<Instance>>,
    /// Failures since it last answered.
    failures: u32,
    /// Why it failed last, and when it may be started again.
    failed: Option<(String, Instant)>,
}

type Told = (Arc<Catalogue>, Arc<dyn Offer>);

type Slots = HashMap<(String, Whose), Arc<tokio::sync::Mutex<Slot>>>;

/// A call under way: cancelled where this is dropped.
struct Calling<T>(JoinHandle<T>);

impl<T> Drop for Calling<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The servers that their user configured.
#[derive(Clone)]
pub struct Servers(Arc<Inner>);

struct Inner {
    runtime: Handle,
    table: RwLock<Arc<Table>>,
    pins: Arc<Pins>,
    launch: Arc<dyn Launch>,
    logins: Arc<Logins>,
    slots: Mutex<Slots>,
    /// What each server offers, and the catalogue that it was taken from: the same value until that changes.
    offered: Mutex<BTreeMap<String, Told>>,
}

/// What came of looking at a server.
#[derive(Clone, Debug)]
pub struct Survey {
    /// What is known of its tools now.
    pub catalogue: Arc<Catalogue>,
    /// How long it took to start and to tell of them.
    pub took: Duration,
}

impl Servers {
    /// The servers of this table. Inside a tokio runtime.
    ///
    /// # Errors
    /// The table makes no sense.
    pub fn new(
        table: Table,
        taken: impl Fn(&str) -> bool,
        pins: Pins,
        launch: Arc<dyn Launch>,
    ) -> Result<Self, Trouble> {
        config::check(&table, taken)?;
        // Later nobody waits for these files.
        table.iter().for_each(|(name, server)| drop(pins.of(name, server)));
        let inner = Arc::new(Inner {
            runtime: Handle::current(),
            table: RwLock::new(Arc::new(table)),
            pins: Arc::new(pins),
            logins: Arc::new(Logins::new(launch.clone())),
            launch,
            slots: Mutex::default(),
            offered: Mutex::default(),
        });
        let watched = Arc::downgrade(&inner);
        inner.runtime.spawn(watch(watched));
        Ok(Self(inner))
    }

    /// Puts another table in the place of this one. Servers that are no longer in it, or otherwise, end.
    ///
    /// # Errors
    /// The table makes no sense. Nothing changes then.
    pub async fn reload(&self, table: Table, taken: impl Fn(&str) -> bool) -> Result<(), Trouble> {
        config::check(&table, taken)?;
        let table = Arc::new(table);
        let (pins, read) = (self.0.pins.clone(), table.clone());
        let reading = move || read.iter().for_each(|(name, server)| drop(pins.of(name, server)));
        // Should it fail, they are read when they are asked for.
        let _ = tokio::task::spawn_blocking(reading).await;
        *self.0.table.write() = table.clone();
        let slots: Vec<_> = self.0.slots.lock().iter().map(|(key, slot)| (key.clone(), slot.clone())).collect();
        for ((name, whose), slot) in slots {
            let mut slot = slot.lock().await;
            let same = |running: &Arc<Instance>| table.get(&name) == Some(&*running.server);
            if slot.running.as_ref().is_none_or(same) && table.contains_key(&name) {
                // What failed may be mended.
                slot.failed = None;
                continue;
            }
            if let Some(running) = slot.running.take() {
                running.stop().await;
            }
            self.0.slots.lock().remove(&(name, whose));
        }
        Ok(())
    }

    /// The servers, by name.
    pub fn table(&self) -> Arc<Table> {
        self.0.table.read().clone()
    }

    /// What is known and accepted of their tools.
    pub fn pins(&self) -> &Pins {
        &self.0.pins
    }

    /// How many of a server run.
    pub async fn running(&self, server: &str) -> usize {
        let of = |slots: &Slots| -> Vec<_> {
            slots.iter().filter(|((name, _), _)| name == server).map(|(_, slot)| slot.clone()).collect()
        };
        let of = of(&self.0.slots.lock());
        let mut running = 0;
        for slot in of {
            running += usize::from(slot.lock().await.running.as_ref().is_some_and(|running| !running.is_over()));
        }
        running
    }

    /// Starts a server by itself, hears of its tools, and ends it again.
    ///
    /// # Errors
    /// There is none of this name, it does not start, or what it told cannot be kept; a text for its user.
    pub async fn survey(&self, name: &str) -> Result<Survey, String> {
        let server = self.0.server(name).ok_or_else(|| format!("there is no server `{name}`"))?;
        let begun = Instant::now();
        let (instance, look) = Instance::start(name, server, &*self.0.launch, &self.0.logins).await?;
        let took = begun.elapsed();
        instance.stop().await;
        let catalogue = self.0.keep(name, &instance.server, look).await?;
        Ok(Survey { catalogue, took })
    }

    /// Accepts each of these tools if it still tells what it told when it had this digest: see [`Pins::accept`].
    ///
    /// # Errors
    /// There is no such server, or it cannot be kept; a text for its user. Nothing is accepted then.
    pub async fn accept(&self, name: &str, seen: BTreeMap<String, String>) -> Result<Vec<String>, String> {
        let server = self.0.server(name).ok_or_else(|| format!("there is no server `{name}`"))?;
        let (pins, name) = (self.0.pins.clone(), name.to_owned());
        blocking(move || pins.accept(&name, &server, &seen)).await
    }

    /// Forgets what was accepted of a server, and the login there, whoever it was.
    ///
    /// # Errors
    /// The file cannot be removed; a text for its user.
    pub async fn forget(&self, name: &str) -> Result<(), String> {
        let server = self.0.server(name).unwrap_or_else(|| Arc::new(Server::new()));
        self.0.logins.forget(name, &server).await?;
        let (pins, name) = (self.0.pins.clone(), name.to_owned());
        blocking(move || pins.forget(&name)).await
    }

    /// Begins a login at a server: the address that its user's browser goes to, and comes back from to `redirect`.
    ///
    /// # Errors
    /// There is no such server, nobody logs in there, or it leads where nothing may lead; a text for its user.
    pub async fn login(&self, name: &str, redirect: &str) -> Result<String, String> {
        let server = self.0.server(name).ok_or_else(|| format!("there is no server `{name}`"))?;
        if !self.0.logins.is_challenged(name) {
            // It says what it wants when it refuses a request. One that refuses none may still want a login later.
            if let Ok((instance, _)) = Instance::start(name, server.clone(), &*self.0.launch, &self.0.logins).await {
                instance.stop().await;
            }
        }
        self.0.logins.begin(name, &server, redirect).await
    }

    /// Ends a login with the address that the browser came back to: what was granted.
    ///
    /// # Errors
    /// It is not of the login that was begun, or who gives out the tokens says no; a text for its user.
    pub async fn logged_in(&self, name: &str, back: &str) -> Result<Vec<String>, String> {
        let server = self.0.server(name).ok_or_else(|| format!("there is no server `{name}`"))?;
        let scopes = self.0.logins.finish(name, &server, back).await?;
        self.end(name).await;
        Ok(scopes)
    }

    /// Forgets the login at a server, and ends what was begun with it; whether there was one.
    ///
    /// # Errors
    /// There is no such server, or the logins cannot be kept; a text for its user.
    pub async fn logout(&self, name: &str) -> Result<bool, String> {
        let server = self.0.server(name).ok_or_else(|| format!("there is no server `{name}`"))?;
        let was = self.0.logins.forget(name, &server).await?;
        self.end(name).await;
        Ok(was)
    }

    /// Whether its user is logged in at a server; unknown where the logins are locked.
    pub fn is_logged_in(&self, name: &str) -> Option<bool> {
        self.0.server(name).and_then(|server| self.0.logins.is_in(name, &server))
    }

    /// Ends all that runs of a server, and forgets that it failed.
    async fn end(&self, name: &str) {
        let of = |slots: &Slots| -> Vec<_> {
            slots.iter().filter(|((other, _), _)| other == name).map(|(_, slot)| slot.clone()).collect()
        };
        let of = of(&self.0.slots.lock());
        for slot in of {
            let mut slot = slot.lock().await;
            (slot.failures, slot.failed) = (0, None);
            if let Some(running) = slot.running.take() {
                running.stop().await;
            }
        }
    }

    /// Calls a tool for its user, who needs no grant for that; accepted it has to be.
    ///
    /// # Errors
    /// As a guest is told.
    pub async fn call(
        &self,
        server: &str,
        tool: &str,
        arguments: String,
        maximum: Bytes,
    ) -> Result<String, ServerError> {
        let call = ServerCall {
            root: Pid::from(0),
            pid: Pid::from(0),
            plugin: "holm".to_owned(),
            server: server.to_owned(),
            tool: tool.to_owned(),
            arguments,
            maximum,
            operator: None,
        };
        self.0.call(call, Whose::Operator).await
    }

    /// Ends all of them.
    pub async fn stop(&self) {
        let slots: Vec<_> = self.0.slots.lock().drain().map(|(_, slot)| slot).collect();
        let stop = slots.into_iter().map(|slot| async move {
            if let Some(running) = slot.lock().await.running.take() {
                running.stop().await;
            }
        });
        futures_util::future::join_all(stop).await;
    }
}

/// Whether a tree that has some may have one more: as many as are still free, so that there is always one left for
/// a tree that has none.
fn fits(mine: usize, used: usize) -> bool {
    mine < UNDER_WAY.saturating_sub(used)
}

/// Does what waits for the disk where nobody else waits for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PinsError> + Send + 'static,
) -> Result<T, String> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?;
    done.map_err(|error| error.to_string())
}

impl tool::Servers for Servers {
    fn offers(&self) -> Vec<Arc<dyn Offer>> {
        let table = self.table();
        let mut offered = self.0.offered.lock();
        offered.retain(|name, _| table.contains_key(name));
        let enabled = table.iter().filter(|(_, server)| !server.disabled);
        let each = enabled.map(|(name, server)| {
            let catalogue = self.0.pins.of(name, server);
            if let Some((from, offer)) = offered.get(name)
                && Arc::ptr_eq(from, &catalogue)
            {
                return offer.clone();
            }
            let tools = catalogue.usable().map(|tool| tool.description.clone()).collect();
            let offer: Arc<dyn Offer> = Arc::new(Offered { name: name.clone(), tools });
            offered.insert(name.clone(), (catalogue, offer.clone()));
            offer
        });
        each.collect::<Vec<_>>().into_iter().filter(|offer| !offer.tools().is_empty()).collect()
    }

    fn knows(&self, server: &str) -> bool {
        self.0.table.read().contains_key(server)
    }

    fn find(&self, server: &str, tool: &str) -> Option<ToolDescription> {
        let settings = self.0.server(server).filter(|server| !server.disabled)?;
        let catalogue = self.0.pins.of(server, &settings);
        let accepted = catalogue.accepted.get(tool).filter(|_| catalogue.standing(tool) == Standing::Accepted);
        accepted.map(|known| known.description.clone())
    }

    fn call(&self, call: ServerCall) -> BoxFuture<'static, Result<String, ServerError>> {
        let inner = self.0.clone();
        Box::pin(async move {
            let whose = Whose::Tree(call.root);
            // A task of the runtime's own: whoever polls this is a worker of the kernel.
            let runtime = inner.runtime.clone();
            let mut calling = Calling(runtime.spawn(async move { inner.call(call, whose).await }));
            let failed = |_| ServerError::Unavailable("the driver of servers failed".to_owned());
            (&mut calling.0).await.map_err(failed).flatten()
        })
    }

    fn ended(&self, root: Pid) {
        let mut slots = self.0.slots.lock();
        let over: Vec<_> = slots.extract_if(|(_, whose), _| *whose == Whose::Tree(root)).collect();
        drop(slots);
        for (_, slot) in over {
            self.0.runtime.spawn(async move {
                if let Some(running) = slot.lock().await.running.take() {
                    running.stop().await;
                }
            });
        }
    }
}

impl Inner {
    fn server(&self, name: &str) -> Option<Arc<Server>> {
        self.table.read().get(name).cloned().map(Arc::new)
    }

    async fn call(&self, call: ServerCall, whose: Whose) -> Result<String, ServerError> {
        let name = &call.server;
        let server = self.server(name).ok_or(ServerError::NoSuchTool)?;
        if server.disabled {
            return Err(ServerError::Unavailable(format!("the server `{name}` is disabled in config.toml")));
        }
        // What nobody accepted starts nothing.
        self.accepted(name, &server, &call.tool)?;
        let whose = if server.share && whose != Whose::Operator { Whose::Everyone } else { whose };
        let slot = self.slot(name, whose)?;
        let instance = self.under_way(name, server.clone(), &slot).await.map_err(ServerError::Unavailable)?;
        if let Some(look) = instance.refresh().await.map_err(ServerError::Unavailable)? {
            self.keep(name, &instance.server, look).await.map_err(ServerError::Unavailable)?;
        }
        let accepted = self.accepted(name, &server, &call.tool)?;
        match instance.digest(&call.tool) {
            None => return Err(ServerError::NoSuchTool),
            Some(told) if told != accepted => return Err(changed(name)),
            Some(_) => {}
        }
        let answer = instance.call(&call).await;
        if instance.is_over() {
            self.failed(&slot, &instance, &answer).await;
        } else if !matches!(answer, Err(ServerError::Unavailable(_))) {
            let mut slot = slot.lock().await;
            (slot.failures, slot.failed) = (0, None);
        }
        answer
    }

    /// The digest of what its user accepted of a tool.
    fn accepted(&self, server: &str, settings: &Server, tool: &str) -> Result<String, ServerError> {
        let catalogue = self.pins.of(server, settings);
        match catalogue.standing(tool) {
            Standing::Accepted => {
                let accepted = catalogue.accepted.get(tool).map(|tool| tool.digest.clone());
                accepted.ok_or(ServerError::NoSuchTool)
            }
            Standing::Changed => Err(changed(server)),
            Standing::New => Err(ServerError::Suspended(format!(
                "its user has not accepted this tool; `holm server accept {server}` shows it, and asks"
            ))),
            Standing::Refused => {
                let reason = catalogue.refused.get(tool).map_or("is not taken", String::as_str);
                Err(ServerError::Suspended(format!("this tool {reason}")))
            }
            Standing::Unknown if catalogue.protocol.is_empty() => Err(ServerError::Suspended(format!(
                "nobody has looked at this server's tools yet; `holm server accept {server}` shows them, and asks"
            ))),
            Standing::Unknown => Err(ServerError::NoSuchTool),
        }
    }

    /// Takes in what a server told that ran with these settings.
    async fn keep(&self, name: &str, server: &Arc<Server>, look: Look) -> Result<Arc<Catalogue>, String> {
        // It would be kept in the place of who is called so by now.
        if self.server(name).is_none_or(|now| now.identity() != server.identity()) {
            return Err(format!("the settings of `{name}` changed meanwhile"));
        }
        let (pins, name, server) = (self.pins.clone(), name.to_owned(), server.clone());
        blocking(move || pins.look(&name, &server, look)).await
    }

    /// The place of a server for somebody.
    fn slot(&self, name: &str, whose: Whose) -> Result<Arc<tokio::sync::Mutex<Slot>>, ServerError> {
        let mut slots = self.slots.lock();
        let key = (name.to_owned(), whose);
        if let Some(slot) = slots.get(&key) {
            return Ok(slot.clone());
        }
        let full = |what: &str| Err(ServerError::Unavailable(format!("{what} already, and there may be no more")));
        let mine = slots.keys().filter(|(_, other)| *other == whose).count();
        let is_tree = matches!(whose, Whose::Tree(_));
        if is_tree && mine >= OF_ONE_TREE {
            return full(&format!("{OF_ONE_TREE} servers run for this run"));
        }
        let mine = if is_tree { mine } else { 0 };
        if !fits(mine, slots.len()) {
            self.make_room(&mut slots);
        }
        match fits(mine, slots.len()) {
            true => Ok(slots.entry(key).or_default().clone()),
            false => full("as many servers run as this kernel keeps for one run, beside those of others"),
        }
    }

    /// Takes out what is only remembered, and the one that nobody needed for longest.
    fn make_room(&self, slots: &mut Slots) {
        let now = Instant::now();
        let mut idlest: Option<(Duration, (String, Whose))> = None;
        slots.retain(|key, slot| {
            // Somebody is about to use it, or starts it.
            let (1, Ok(slot)) = (Arc::strong_count(slot), slot.try_lock()) else { return true };
            let Some(running) = &slot.running else {
                return slot.failed.as_ref().is_some_and(|(_, again)| *again > now);
            };
            if let Some(idle) = running.idle().filter(|idle| *idle > UNUSED)
                && idlest.as_ref().is_none_or(|(longest, _)| idle > *longest)
            {
                idlest = Some((idle, key.clone()));
            }
            true
        });
        let Some(slot) = idlest.and_then(|(_, key)| slots.remove(&key)) else { return };
        self.runtime.spawn(async move {
            if let Some(running) = slot.lock().await.running.take() {
                running.stop().await;
            }
        });
    }

    /// A server that runs; it is started if need be, unless it failed a moment ago.
    async fn under_way(
        &self,
        name: &str,
        server: Arc<Server>,
        slot: &tokio::sync::Mutex<Slot>,
    ) -> Result<Arc<Instance>, String> {
        let mut slot = slot.lock().await;
        if let Some(running) = slot.running.clone() {
            if !running.is_over() {
                return Ok(running);
            }
            slot.running = None;
            running.stop().await;
        }
        if let Some((why, again)) = &slot.failed
            && let Some(wait) = again.checked_duration_since(Instant::now())
        {
            let seconds = wait.as_secs() + 1;
            return Err(format!("`{name}` failed {} times; it is tried again in {seconds} s: {why}", slot.failures));
        }
        tracing::info!(server = name, native = server.native, "a server starts");
        match Instance::start(name, server, &*self.launch, &self.logins).await {
            Ok((instance, look)) => {
                let instance = Arc::new(instance);
                if let Err(error) = self.keep(name, &instance.server, look).await {
                    instance.stop().await;
                    return Err(error);
                }
                slot.running = Some(instance.clone());
                Ok(instance)
            }
            Err(why) => {
                slot.fail(&why);
                Err(format!("`{name}` does not start: {why}"))
            }
        }
    }

    /// One that ended within a call counts as a failure of it.
    async fn failed(
        &self,
        slot: &tokio::sync::Mutex<Slot>,
        instance: &Arc<Instance>,
        answer: &Result<String, ServerError>,
    ) {
        let mut slot = slot.lock().await;
        if slot.running.as_ref().is_some_and(|running| Arc::ptr_eq(running, instance)) {
            slot.running = None;
            slot.fail(&answer.as_ref().err().map_or_else(|| "it ended".to_owned(), ToString::to_string));
            instance.stop().await;
        }
    }
}

impl Slot {
    fn fail(&mut self, why: &str) {
        self.failures += 1;
        let wait = match self.failures.checked_sub(AT_ONCE + 1) {
            None => Duration::ZERO,
            Some(doublings) => (BACKOFF * 2_u32.saturating_pow(doublings.min(10))).min(LONGEST_BACKOFF),
        };
        self.failed = Some((why.to_owned(), Instant::now() + wait));
    }
}

fn changed(server: &str) -> ServerError {
    ServerError::Suspended(format!(
        "it changed since it was accepted; `holm server accept {server}` shows how, and asks"
    ))
}

/// Ends what nobody needs.
async fn watch(servers: Weak<Inner>) {
    let mut tick = tokio::time::interval(LOOK);
    loop {
        tick.tick().await;
        let Some(servers) = servers.upgrade() else { return };
        let slots: Vec<_> = servers.slots.lock().iter().map(|(key, slot)| (key.clone(), slot.clone())).collect();
        for (key, slot) in slots {
            // One that is being started is needed.
            let Ok(mut slot) = slot.try_lock() else { continue };
            let idle = |running: &Arc<Instance>| running.is_over() || running.idle().is_some_and(|idle| idle > IDLE);
            let over = slot.running.take_if(|running| idle(running));
            let forgotten =
                slot.running.is_none() && slot.failed.as_ref().is_none_or(|(_, again)| again.elapsed() > IDLE);
            drop(slot);
            if forgotten {
                servers.slots.lock().remove(&key);
            }
            if let Some(running) = over {
                tracing::info!(server = key.0, "a server that nobody needs ends");
                running.stop().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_trees_leave_room_for_others() {
        let (mut used, mut trees) = (0, Vec::new());
        for _ in 0..8 {
            let mut mine = 0;
            while mine < OF_ONE_TREE && fits(mine, used) {
                (mine, used) = (mine + 1, used + 1);
            }
            trees.push(mine);
        }
        assert!(trees[0] == OF_ONE_TREE && trees.iter().all(|mine| *mine > 0), "{trees:?}");
        assert!(used <= UNDER_WAY && !fits(0, UNDER_WAY));
    }
}
