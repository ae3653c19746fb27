//! Which addresses are the public internet's: all others are somebody's inside.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is for. All but [`Class::Public`] are reached only where a grant names the
/// address itself, whatever name led to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Of the internet.
    Public,
    /// This machine.
    Loopback,
    /// Networks of homes and companies.
    Private,
    /// This link, where clouds keep the metadata of machines: credentials among them.
    LinkLocal,
    /// Metadata services outside the link's range.
    Metadata,
    /// Behind a provider's address translation.
    Shared,
    /// Groups, and everybody on the link.
    Multicast,
    /// Nobody, which systems read as this machine.
    Unspecified,
    /// An IPv4 address inside an IPv6 one: where it leads is the network's to say.
    Translated,
    /// For documents, benchmarks, protocols, or nothing yet.
    Reserved,
}

impl Class {
    /// Its name, in the rule of a denial.
    pub fn name(self) -> &'static str {
        match self {
            Class::Public => "a public address",
            Class::Loopback => "a loopback address",
            Class::Private => "a private address",
            Class::LinkLocal => "a link-local address",
            Class::Metadata => "the address of a metadata service",
            Class::Shared => "a provider's inner address",
            Class::Multicast => "a multicast address",
            Class::Unspecified => "the unspecified address",
            Class::Translated => "an address that hides another",
            Class::Reserved => "a reserved address",
        }
    }
}

/// IPv4's ranges that are not public: the first that holds an address counts.
const V4: &[(&str, u32, Class)] = &[
    ("0.0.0.0", 32, Class::Unspecified),
    ("0.0.0.0", 8, Class::Reserved),
    ("10.0.0.0", 8, Class::Private),
    ("100.100.100.200", 32, Class::Metadata), // Alibaba
    ("100.64.0.0", 10, Class::Shared),
    ("127.0.0.0", 8, Class::Loopback),
    ("168.63.129.16", 32, Class::Metadata), // Azure's wire server, in a public range
    ("169.254.0.0", 16, Class::LinkLocal),  // 169.254.169.254 and its like
    ("172.16.0.0", 12, Class::Private),
    ("192.0.0.192", 32, Class::Metadata), // Oracle
    ("192.0.0.0", 24, Class::Reserved),
    ("192.0.2.0", 24, Class::Reserved),
    ("192.31.196.0", 24, Class::Reserved),
    ("192.52.193.0", 24, Class::Reserved),
    ("192.88.99.0", 24, Class::Translated), // relays of 6to4
    ("192.168.0.0", 16, Class::Private),
    ("192.175.48.0", 24, Class::Reserved),
    ("198.18.0.0", 15, Class::Reserved),
    ("198.51.100.0", 24, Class::Reserved),
    ("203.0.113.0", 24, Class::Reserved),
    ("224.0.0.0", 4, Class::Multicast),
    ("240.0.0.0", 4, Class::Reserved), // the broadcast address included
];

/// IPv6's ranges that are not public, likewise. What lies outside 2000::/3 is not assigned.
const V6: &[(&str, u32, Class)] = &[
    ("::", 128, Class::Unspecified),
    ("::1", 128, Class::Loopback),
    ("::ffff:0:0", 96, Class::Translated), // IPv4-mapped
    ("::", 96, Class::Translated),         // IPv4-compatible
    ("::ffff:0:0:0", 96, Class::Translated),
    ("64:ff9b::", 96, Class::Translated), // NAT64
    ("64:ff9b:1::", 48, Class::Translated),
    ("100::", 63, Class::Reserved),
    ("2001::", 32, Class::Translated), // Teredo
    ("2001::", 23, Class::Reserved),
    ("2001:db8::", 32, Class::Reserved),
    ("2002::", 16, Class::Translated), // 6to4
    ("2620:4f:8000::", 48, Class::Reserved),
    ("3fff::", 20, Class::Reserved),
    ("fd00:ec2::254", 128, Class::Metadata), // Amazon
    ("fd20:ce::254", 128, Class::Metadata),  // Google
    ("fc00::", 7, Class::Private),
    ("fe80::", 10, Class::LinkLocal),
    ("fec0::", 10, Class::Private),
    ("ff00::", 8, Class::Multicast),
];

/// What an address is for.
pub fn class(address: IpAddr) -> Class {
    match address {
        IpAddr::V4(address) => {
            let within = |range: &str, bits: u32| {
                let range: Option<Ipv4Addr> = range.parse().ok();
                range.is_some_and(|range| (range.to_bits() ^ address.to_bits()).leading_zeros() >= bits)
            };
            find(V4, within).unwrap_or(Class::Public)
        }
        IpAddr::V6(address) => {
            let within = |range: &str, bits: u32| {
                let range: Option<Ipv6Addr> = range.parse().ok();
                range.is_some_and(|range| (range.to_bits() ^ address.to_bits()).leading_zeros() >= bits)
            };
            let assigned = if within("2000::", 3) { Class::Public } else { Class::Reserved };
            find(V6, within).unwrap_or(assigned)
        }
    }
}

fn find(ranges: &[(&str, u32, Class)], within: impl Fn(&str, u32) -> bool) -> Option<Class> {
    ranges.iter().find(|(range, bits, _)| within(range, *bits)).map(|(.., class)| *class)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Class {
        class(text.parse().expect("an address"))
    }

    #[test]
    fn each_range_is_what_it_is_for() {
        for (class, addresses) in [
            (Class::Public, "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0"),
            (
                Class::Public,
                "172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255",
            ),
            (Class::Public, "2606:4700:4700::1111 2001:4860:4860::8888 2003::1 2a00::1"),
            (Class::Loopback, "127.0.0.1 127.255.255.254 ::1"),
            (Class::Private, "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fd12:3456::1 fec0::1"),
            (Class::LinkLocal, "169.254.169.254 169.254.170.2 fe80::1 febf::1"),
            (Class::Metadata, "100.100.100.200 168.63.129.16 192.0.0.192 fd00:ec2::254 fd20:ce::254"),
            (Class::Shared, "100.64.0.1 100.127.255.255"),
            (Class::Multicast, "224.0.0.1 239.255.255.250 ff02::1"),
            (Class::Unspecified, "0.0.0.0 ::"),
            (Class::Translated, "::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b:1::1"),
            (Class::Translated, "2002:7f00:1::1 2001::1 2001:0:4136:e378:: 192.88.99.1 ::ffff:0:7f00:1"),
            (
                Class::Reserved,
                "0.1.2.3 192.0.0.1 192.0.2.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 240.0.0.1",
            ),
            (Class::Reserved, "255.255.255.255 100::1 2001:2::1 2001:db8::1 3fff::1 4000::1 5f00::1 1::"),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(of(address), class, "{address}");
            }
        }
    }

    #[test]
    fn every_range_parses() {
        assert!(V4.iter().all(|(range, bits, _)| range.parse::<Ipv4Addr>().is_ok() && *bits <= 32));
        assert!(V6.iter().all(|(range, bits, _)| range.parse::<Ipv6Addr>().is_ok() && *bits <= 128));
    }

    proptest! {
        /// The standard library knows fewer ranges, and each of those as well.
        #[test]
        fn what_the_standard_library_knows_is_not_public(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let inner = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_multicast() || address.is_broadcast() || address.is_documentation()
                || address.is_unspecified();
            prop_assert!(!inner || class(address.into()) != Class::Public);
        }

        /// No IPv6 address that carries an IPv4 one is public.
        #[test]
        fn what_carries_another_is_not_public(bits: u32, low: u64) {
            let v4 = u128::from(bits);
            for address in [
                v4, 0xffff_0000_0000 | v4, (0x64_ff9b << 96) | v4,
                (0x2002 << 112) | (v4 << 80) | u128::from(low), (0x2001_0000 << 96) | v4,
            ] {
                let address = Ipv6Addr::from_bits(address);
                prop_assert!(class(address.into()) != Class::Public, "{address}");
            }
        }
    }
}
