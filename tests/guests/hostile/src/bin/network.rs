//! Reaches for the network by every way there is.

use hostile::sockets::{
    instance_network::instance_network, ip_name_lookup::resolve_addresses, network::IpAddressFamily,
    tcp_create_socket::create_tcp_socket, udp_create_socket::create_udp_socket,
};

fn main() {
    let network = instance_network();
    println!("tcp {:?}", create_tcp_socket(IpAddressFamily::Ipv4).map(drop).map_err(|error| error.name()));
    println!("because {}", hostile::last_denial());
    println!("udp {:?}", create_udp_socket(IpAddressFamily::Ipv6).map(drop).map_err(|error| error.name()));
    println!("because {}", hostile::last_denial());
    println!(
        "dns {:?}",
        resolve_addresses(&network, "metadata.google.internal").map(drop).map_err(|error| error.name())
    );
    println!("because {}", hostile::last_denial());
    println!("std {:?}", std::net::TcpStream::connect("169.254.169.254:80").map(drop).map_err(|error| error.kind()));
    println!("bind {:?}", std::net::TcpListener::bind("127.0.0.1:0").map(drop).map_err(|error| error.kind()));
}
