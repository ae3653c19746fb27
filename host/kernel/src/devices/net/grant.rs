//! Rights to the network: `https://example.com`, `tcp://db.local:5432`.

use crate::syscall::named::named_rule;

named_rule!(
    /// Origins that may be reached. No driver dials yet: the network is denied, whatever is granted.
    NetRule,
    /// An origin that a call wants to reach.
    NetWant,
    |text| text.split_once("://").is_some_and(|(scheme, host)| {
        ["https", "http", "tcp", "udp", "dns", "*"].contains(&scheme) && !host.is_empty() && !host.contains(['@', ' '])
    }),
    "an origin, like `https://example.com`"
);
