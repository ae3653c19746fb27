//! A name service that changes its mind: real queries by the system's resolver, in namespaces where the
//! whole network is one loopback device that has an address of the internet.
//!
//! Where Linux gives no namespaces to this user the test says so and is skipped.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket},
    process::Command,
    sync::{Arc, Mutex},
};

use holm_drivers::net::{Network, System};
use holm_kernel::{
    account::{Account, Level, Limits},
    devices::net::law::Target,
    net::{Body, Driver, Failure, Place, Request, Timeouts},
};
use http_body_util::{BodyExt, Empty};
use simple_dns::{CLASS, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE, rdata::RData};

/// Of the internet, as far as the law knows.
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(8, 8, 4, 4);
const INSIDE: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Gives loopback the address, puts the name service of the test in the place of the machine's, and goes on as
/// this test.
const NAMESPACE: &str = r#"
ip link set lo up && ip address add 8.8.4.4/32 dev lo || exit 77
printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' > "$0/resolv.conf"
printf 'hosts: dns\n' > "$0/nsswitch.conf"
for file in resolv.conf nsswitch.conf; do mount --bind "$0/$file" "/etc/$file" || exit 77; done
exec "$1" --exact what_was_checked_is_what_is_reached --nocapture
"#;

#[test]
fn what_was_checked_is_what_is_reached() {
    if std::env::var_os("HOLM_TEST_REBINDING").is_some() {
        return tokio::runtime::Runtime::new().unwrap().block_on(rebinding());
    }
    let folder = tempfile::tempdir().unwrap();
    let mut unshare = Command::new("unshare");
    unshare.args(["--map-root-user", "--mount", "--net", "sh", "-c", NAMESPACE]);
    unshare.arg(folder.path()).arg(std::env::current_exe().unwrap()).env("HOLM_TEST_REBINDING", "inside");
    let unavailable = match unshare.output() {
        Ok(output) if output.status.success() => return,
        // 1: no namespace. 77: no address, or nothing to mount over.
        Ok(output) if output.stdout.is_empty() && matches!(output.status.code(), Some(1 | 77)) => {
            String::from_utf8_lossy(&output.stderr).into_owned()
        }
        Ok(output) => panic!("{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat())),
        Err(error) => error.to_string(),
    };
    // Not by a macro: the harness would keep it to itself.
    std::io::stderr()
        .write_all(format!("SKIPPED: no namespaces for a name service: {unavailable}\n").as_bytes())
        .unwrap();
}

/// Answers each query for an address with the next of these, and with the last from then on. The queries so far.
fn name_service(answers: Vec<Vec<Ipv4Addr>>) -> Arc<Mutex<usize>> {
    let socket = UdpSocket::bind((INSIDE, 53)).unwrap();
    let asked = Arc::new(Mutex::new(0));
    let counted = asked.clone();
    std::thread::spawn(move || {
        let mut bytes = [0; 1500];
        loop {
            let (length, from) = socket.recv_from(&mut bytes).unwrap();
            let query = Packet::parse(&bytes[..length]).unwrap();
            let question = query.questions[0].clone();
            let mut reply = query.into_reply();
            reply.set_flags(PacketFlag::RECURSION_AVAILABLE);
            *reply.rcode_mut() = RCODE::NoError;
            if question.qtype == QTYPE::TYPE(TYPE::A) {
                let mut asked = counted.lock().unwrap();
                for address in &answers[(*asked).min(answers.len() - 1)] {
                    // Not to be kept by anybody.
                    let data = RData::A((*address).into());
                    reply.answers.push(ResourceRecord::new(question.qname.clone(), CLASS::IN, 0, data));
                }
                *asked += 1;
            }
            socket.send_to(&reply.build_bytes_vec().unwrap(), from).unwrap();
        }
    });
    asked
}

/// Says who it is to whoever connects.
fn server(address: Ipv4Addr, says: &'static str) -> u16 {
    let listener = TcpListener::bind((address, if address == INSIDE { 8080 } else { 0 })).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let length = says.len();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{says}");
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    port
}

async fn ask(network: &Network, port: u16) -> Result<String, String> {
    let account = Account::root(Limits::default());
    let pid = serde_json::from_value(1.into()).unwrap();
    let body: Body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let request = Request {
        plugin: "asker".into(),
        target: Target::parse(&format!("http://rebind.example:{port}/")).unwrap(),
        head: http::Request::get("/").body(body).unwrap(),
        timeouts: Timeouts::LONGEST,
        place: Place::new(pid, account.hold(Level::Requests, 1).unwrap()),
    };
    match network.send(request).await {
        Ok(response) => {
            let bytes = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        Err(Failure::Unreachable(why)) => Err(why.to_string()),
        Err(error) => Err(format!("not by the law: {error}")),
    }
}

async fn rebinding() {
    let outside = server(OUTSIDE, "outside");
    let inside = server(INSIDE, "inside");
    let answers = vec![vec![OUTSIDE], vec![INSIDE], vec![OUTSIDE, INSIDE], vec![INSIDE, OUTSIDE], vec![OUTSIDE]];
    let asked = name_service(answers);
    let network = Network::new(Arc::new(System::default()), Arc::new(())).unwrap();
    // Asked once; were it asked again before the connection is made, it would lead inside.
    assert_eq!(ask(&network, outside).await.unwrap(), "outside");
    assert_eq!(*asked.lock().unwrap(), 1);
    // Then it leads inside, alone or beside an address that could be reached.
    for answer in 2..=4 {
        let refused = ask(&network, inside).await.unwrap_err();
        assert!(refused.contains(&IpAddr::from(INSIDE).to_string()), "{refused}");
        assert_eq!(*asked.lock().unwrap(), answer, "the answer is not asked for again");
    }
    assert_eq!(ask(&network, outside).await.unwrap(), "outside");
}
