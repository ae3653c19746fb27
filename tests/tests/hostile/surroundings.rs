//! The host around it: environment, its own process, the network.

use holm_tests::guest;

use crate::run;

#[test]
fn environment() {
    run(async {
        let report = guest("environment").arguments(["one"]).attack().await;
        report.exits(0).denied("fs", "not granted").prints(
            "variables []\narguments [\"environment\", \"one\"]\ndirectory Ok(\"/\")\ntemporary Err(PermissionDenied)\n\
             /proc/self/environ Err(PermissionDenied)\n/proc/self/cmdline Err(PermissionDenied)\n\
             /proc/self/root/etc/hostname Err(PermissionDenied)\n/etc/hostname Err(PermissionDenied)\n\
             / Err(PermissionDenied)\nroot Err(PermissionDenied)\nmetadata Err(PermissionDenied)\n",
        );
    });
}

#[test]
fn network() {
    run(async {
        let report = guest("network").attack().await;
        report.exits(0).denied("net", "not granted").prints(
            "tcp Err(\"access-denied\")\nbecause net=tcp://*: not granted\n\
             udp Err(\"access-denied\")\nbecause net=udp://*: not granted\n\
             dns Err(\"access-denied\")\nbecause net=dns://metadata.google.internal: not granted\n\
             std Err(PermissionDenied)\nbind Err(PermissionDenied)\n",
        );
        // No grant opens a socket.
        let report = guest("network").named("network-granted").grant("net=*://*").attack().await;
        report.exits(0).denied("net", "sockets are not opened for guests");
    });
}
