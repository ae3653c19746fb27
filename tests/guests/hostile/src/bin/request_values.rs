//! Builds requests that it has no right to send, to fill the host's memory and to keep its workers:
//! `request_values long|spin|denied|fields|requests`.

use hostile::http::{
    outgoing_handler::handle,
    types::{Fields, Method, OutgoingRequest, RequestOptions, Scheme},
};

fn main() {
    let long = "K".repeat(3 << 20);
    match hostile::argument(1).as_str() {
        "long" => {
            let request = OutgoingRequest::new(Fields::new());
            let method = |method: &str| request.set_method(&Method::Other(method.to_owned())).is_ok();
            println!("method {} {} {}", method("PROPFIND"), method(&"K".repeat(17)), method(&long));
            let authority = |authority: &str| request.set_authority(Some(authority)).is_ok();
            println!("authority {} {}", authority("example.com:80"), authority(&long));
            println!("scheme {}", request.set_scheme(Some(&Scheme::Other(long.clone()))).is_ok());
            println!("path {}", request.set_path_with_query(Some(&format!("/{long}"))).is_ok());
        }
        "spin" => {
            let (fields, request) = (Fields::new(), OutgoingRequest::new(Fields::new()));
            let (method, call) = (Method::Other(long.clone()), hostile::argument(2));
            loop {
                match call.as_str() {
                    "method" => assert!(request.set_method(&method).is_err()),
                    "has" => assert!(!fields.has(&long)),
                    "append" => assert!(fields.append(&long, b"x").is_err()),
                    other => panic!("no such call: {other}"),
                }
            }
        }
        "denied" => {
            for _ in 0..300 {
                let request = OutgoingRequest::new(Fields::new());
                request.set_authority(Some("a.example")).expect("a host");
                assert!(handle(request, Some(RequestOptions::new())).is_err());
            }
            println!("300 denied");
        }
        "fields" => loop {
            std::mem::forget(Fields::new());
        },
        "requests" => loop {
            let request = OutgoingRequest::new(Fields::new());
            std::mem::forget(request.body().expect("its first body"));
            std::mem::forget(request);
        },
        other => panic!("no such attack: {other}"),
    }
}
