//! Logins at servers: the whole way with an honest one, and each trick of an evil one.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod world;

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{Arc, Mutex},
};

use holm_drivers::mcp::{Authorization, Launch, Pins, Server, Servers, Table};
use holm_kernel::account::Bytes;
use world::{Evil, World, browse};

const BACK: &str = "http://127.0.0.1:9/callback";

/// Where logins are kept, as a home keeps them: by name and origin.
#[derive(Default)]
struct Home(Mutex<BTreeMap<(String, String), String>>);

impl Launch for Home {
    fn command(&self, _: &str, _: &Server, _: &BTreeMap<String, String>) -> Result<Command, String> {
        Err("there is no program".to_owned())
    }

    fn value(&self, kind: &str, name: &str, _: (&str, &Server)) -> Result<String, String> {
        if (kind, name) == ("secret", "client") { Ok("a secret: of +ours".to_owned()) } else { Err("none".to_owned()) }
    }

    fn login(&self, (name, server): (&str, &Server)) -> Result<Option<String>, String> {
        Ok(self.0.lock().unwrap().get(&(name.to_owned(), server.audience())).cloned())
    }

    fn keep_login(&self, (name, server): (&str, &Server), login: Option<String>) -> Result<(), String> {
        let key = (name.to_owned(), server.audience());
        let mut kept = self.0.lock().unwrap();
        match login {
            Some(login) => drop(kept.insert(key, login)),
            None => drop(kept.remove(&key)),
        }
        Ok(())
    }
}

struct Kernel {
    servers: Servers,
    home: Arc<Home>,
    _folder: tempfile::TempDir,
}

impl Kernel {
    fn new(world: &World, authorization: Option<Authorization>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server { url: Some(world.url()), authorization, ..Server::new() };
        let home = Arc::<Home>::default();
        let table = Table::from([("notes".to_owned(), server)]);
        let servers = Servers::new(table, |_| false, Pins::new(folder.path().to_owned()), home.clone()).unwrap();
        Self { servers, home, _folder: folder }
    }

    /// Logs in as `holm server login` does, with a browser whose user says yes.
    async fn login(&self) -> Result<Vec<String>, String> {
        let address = self.servers.login("notes", BACK).await?;
        self.servers.logged_in("notes", &browse(&address)?).await
    }

    async fn accept(&self) {
        let told = self.servers.survey("notes").await.unwrap().catalogue;
        let seen = told.differs.iter().map(|(name, tool)| (name.clone(), tool.digest.clone()));
        self.servers.accept("notes", seen.collect()).await.unwrap();
    }

    async fn call(&self, tool: &str) -> Result<String, String> {
        let called = self.servers.call("notes", tool, "{}".to_owned(), Bytes(1 << 20)).await;
        called.map_err(|error| error.to_string())
    }

    fn kept(&self) -> String {
        self.home.0.lock().unwrap().values().cloned().collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_made_used_renewed_and_forgotten() {
    let world = World::start(Evil::Nothing);
    let kernel = Kernel::new(&world, None);
    let refused = kernel.servers.survey("notes").await.unwrap_err();
    assert!(refused.contains("holm server login notes"), "{refused}");
    assert_eq!(kernel.login().await.unwrap(), ["tools"]);
    kernel.accept().await;
    // It says its token back; nobody reads it.
    assert_eq!(kernel.call("echo").await.as_deref(), Ok("\"for ***: tools\""));

    // The server takes it no longer: another one is had without a word, once.
    world.lock().good.clear();
    assert_eq!(kernel.call("echo").await.as_deref(), Ok("\"for ***: tools\""));
    assert_eq!(world.times("grant_type=refresh_token"), 1);
    // One that is refused again at once is not renewed again and again.
    world.lock().good.clear();
    let refused = kernel.call("echo").await.unwrap_err();
    assert!(refused.contains("holm server login notes"), "{refused}");
    assert_eq!(world.times("grant_type=refresh_token"), 1);

    assert_eq!(kernel.servers.is_logged_in("notes"), Some(true));
    assert!(kernel.servers.logout("notes").await.unwrap() && kernel.kept().is_empty());
    assert!(kernel.call("echo").await.unwrap_err().contains("holm server login notes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_is_renewed_before_it_is_sent_and_by_one_alone() {
    let world = World::start(Evil::Nothing);
    world.lock().lives = Some(0);
    let kernel = Kernel::new(&world, None);
    kernel.login().await.unwrap();
    world.lock().lives = Some(3600);
    let first = world.lock().good.keys().next().unwrap().clone();
    let looks = futures_util::future::join_all((0..4).map(|_| kernel.servers.survey("notes"))).await;
    assert!(looks.iter().all(Result::is_ok), "{looks:?}");
    assert_eq!(world.times("grant_type=refresh_token"), 1);
    assert!(!world.lock().tokens_sent.contains(&first));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lacking_is_asked_for_at_the_next_login() {
    let world = World::start(Evil::Nothing);
    let kernel = Kernel::new(&world, None);
    kernel.login().await.unwrap();
    kernel.accept().await;
    let refused = kernel.call("admin").await.unwrap_err();
    assert!(refused.contains("more") && refused.contains("holm server login notes"), "{refused}");
    let scopes = kernel.login().await.unwrap();
    assert!(scopes.contains(&"admin".to_owned()) && scopes.contains(&"tools".to_owned()), "{scopes:?}");
    assert!(kernel.call("admin").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_are_known_are_not_registered() {
    let known = Authorization {
        client_id: Some("holm-by-hand".to_owned()),
        client_secret: Some("${secret:client}".to_owned()),
        scopes: vec!["mine".to_owned()],
        ..Authorization::default()
    };
    let world = World::start(Evil::Nothing);
    world.lock().closed = true;
    // What oauth2 writes into `Basic` is encoded as a form is.
    world.lock().known.insert("holm-by-hand".to_owned(), "a+secret%3A+of+%2Bours".to_owned());
    let kernel = Kernel::new(&world, None);
    let refused = kernel.login().await.unwrap_err();
    assert!(refused.contains("client-id"), "{refused}");
    let kernel = Kernel::new(&world, Some(Authorization { issuer: Some(world.by()), ..known.clone() }));
    assert_eq!(kernel.login().await.unwrap(), ["mine"]);
    assert!(!kernel.kept().contains("of +ours"), "it is kept where secrets are");
    // A secret goes to whom it is for, whoever the server says gives out its tokens.
    let before = world.lock().asked.len();
    let other = Some("https://login.example".to_owned());
    let kernel = Kernel::new(&world, Some(Authorization { issuer: other, ..known }));
    let refused = kernel.login().await.unwrap_err();
    assert!(refused.contains("https://login.example"), "{refused}");
    assert!(world.lock().asked[before..].iter().all(|asked| asked.starts_with("GET /.well-known/")));

    let world = World::start(Evil::Nothing);
    world.lock().documents = true;
    let document = Some("https://me.example/client.json".to_owned());
    let kernel = Kernel::new(&world, Some(Authorization { client_metadata: document, ..Authorization::default() }));
    kernel.login().await.unwrap();
    assert_eq!(world.times("/register"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_is_of_the_login_that_was_begun() {
    let world = World::start(Evil::Nothing);
    let kernel = Kernel::new(&world, None);
    assert!(kernel.servers.logged_in("notes", BACK).await.unwrap_err().contains("no login waits"));
    let address = kernel.servers.login("notes", BACK).await.unwrap();
    let back = browse(&address).unwrap();
    let code = back.split(['?', '&']).find(|pair| pair.starts_with("code=")).unwrap();
    for wrong in [
        format!("{BACK}?{code}"),
        format!("{BACK}?{code}&state=x"),
        format!("{BACK}?{code}&state=x&{}", back.split_once('?').unwrap().1),
        back.replace("127.0.0.1:9", "127.0.0.1:8"),
        format!("{BACK}?error=access_denied&state=x"),
        "code-1".to_owned(),
    ] {
        assert!(kernel.servers.logged_in("notes", &wrong).await.is_err(), "{wrong}");
    }
    assert_eq!(world.times("POST /token"), 0);
    // It is good once.
    kernel.servers.logged_in("notes", &back).await.unwrap();
    assert!(kernel.servers.logged_in("notes", &back).await.is_err());
    // A login comes back to this machine alone.
    for elsewhere in ["https://evil.example/callback", "http://10.0.0.1/callback", "http://127.0.0.1:9/c?x=1", "x"] {
        assert!(kernel.servers.login("notes", elsewhere).await.is_err(), "{elsewhere}");
    }
    // A later login takes the place of one that was begun.
    let address = kernel.servers.login("notes", BACK).await.unwrap();
    let back = browse(&address).unwrap();
    kernel.servers.login("notes", BACK).await.unwrap();
    assert!(kernel.servers.logged_in("notes", &back).await.unwrap_err().contains("state"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_of_one_address() {
    let world = World::start(Evil::Nothing);
    let kernel = Kernel::new(&world, None);
    kernel.login().await.unwrap();
    // Another path of the same origin is somebody else's, as far as a token goes.
    let other = Server { url: Some(format!("{}2", world.url())), ..Server::new() };
    kernel.servers.reload(Table::from([("notes".to_owned(), other)]), |_| false).await.unwrap();
    assert_eq!(kernel.servers.is_logged_in("notes"), Some(false));
    world.lock().tokens_sent.clear();
    let _ = kernel.servers.survey("notes").await;
    assert!(world.lock().tokens_sent.is_empty());
    // Taken out, nothing of it is kept.
    kernel
        .servers
        .reload(Table::from([("notes".to_owned(), Server { url: Some(world.url()), ..Server::new() })]), |_| false)
        .await
        .unwrap();
    assert_eq!(kernel.servers.is_logged_in("notes"), Some(true));
    kernel.servers.forget("notes").await.unwrap();
    assert!(kernel.kept().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_the_settings_is_the_only_one() {
    let world = World::start(Evil::Nothing);
    let kernel = Kernel::new(&world, None);
    kernel.login().await.unwrap();
    let given = BTreeMap::from([("Authorization".to_owned(), "Bearer my-own-token".to_owned())]);
    let server = Server { url: Some(world.url()), headers: given, ..Server::new() };
    kernel.servers.reload(Table::from([("notes".to_owned(), server)]), |_| false).await.unwrap();
    world.lock().tokens_sent.clear();
    let refused = kernel.servers.survey("notes").await.unwrap_err();
    assert!(refused.contains("headers") && !refused.contains("my-own-token"), "{refused}");
    assert_eq!(world.lock().tokens_sent.iter().collect::<Vec<_>>(), ["my-own-token"]);
    assert!(kernel.servers.login("notes", BACK).await.unwrap_err().contains("headers"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_trick_of_a_server_ends_in_a_login() {
    for (evil, why) in [
        (Evil::OtherIssuer, "honest.example"),
        (Evil::NoPkce, "S256"),
        (Evil::CallbackOfAnother, "honest.example"),
        (Evil::CallbackOfNobody, "issuer"),
        (Evil::MetadataRedirect, "redirect"),
        (Evil::TokenRedirect, ""),
        (Evil::RegistrationRedirect, "307"),
        (Evil::Giant, "256 KiB"),
        (Evil::ManyIssuers, "40 places"),
        (Evil::OtherResource, ""),
        (Evil::OpensScript, ""),
        (Evil::InnerToken, "network"),
        (Evil::OtherKind, "bearer"),
        (Evil::GiantToken, "16 KiB"),
        (Evil::TwoLines, "bearer"),
        (Evil::ManyScopes, "4 KiB"),
    ] {
        let world = World::start(evil);
        let kernel = Kernel::new(&world, None);
        let refused = kernel.login().await.expect_err(&format!("{evil:?}"));
        assert!(refused.contains(why), "{evil:?}: {refused}");
        assert!(kernel.kept().is_empty(), "{evil:?}");
        assert_eq!(world.times("/stolen"), 0, "{evil:?}");
        assert!(world.lock().asked.len() <= 40, "{evil:?}");
        assert!(!refused.contains("access-token") && !refused.contains("refresh-token"), "{evil:?}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gave_a_login_renews_it_and_nobody_else() {
    let world = World::start(Evil::Nothing);
    let kernel = Kernel::new(&world, None);
    kernel.login().await.unwrap();
    // The server names somebody else by now: they get neither token.
    let thief = World::start(Evil::Nothing);
    let kept = kernel.kept().replace(&world.by(), &thief.by());
    kernel.home.0.lock().unwrap().values_mut().for_each(|login| login.clone_from(&kept));
    world.lock().good.clear();
    let refused = kernel.servers.survey("notes").await.unwrap_err();
    assert!(refused.contains("somebody else"), "{refused}");
    assert_eq!(world.times("grant_type=refresh_token"), 0);
    // One for whom no token is good enough costs few.
    let world = World::start(Evil::Nothing);
    let kernel = Kernel::new(&world, None);
    kernel.login().await.unwrap();
    world.lock().evil = Evil::NeverEnough;
    for _ in 0..5 {
        assert!(kernel.servers.survey("notes").await.unwrap_err().contains("holm server login"));
    }
    assert_eq!(world.times("grant_type=refresh_token"), 1);
}
