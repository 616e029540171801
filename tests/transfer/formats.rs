//! Files of unknown formats.

use tools::transfer::{Input, ItemKind};

use super::support::{assert_counts, import};
use crate::support::server::Server;

#[tokio::test]
async fn files_of_other_kinds_are_named() {
    let user = Server::shared().await.user().await;
    let bytes = |name: &str, bytes: &[u8]| Input::bytes(name, bytes.to_vec());
    let files = vec![
        bytes("a.zip", b"PK\x03\x04..."),
        bytes("a.bin", &[0xff, 0xfe, 0x00, 0x01]),
        bytes("a.html", b"<!doctype html><p>Hi"),
        bytes("nothing", b"  \n"),
        bytes("broken.json", br#"{"memories": [{"content": "Ana sings."}, {"content": "Ana"#),
        bytes("odd.json", br#"[{"content": "Bo rows."}, 3, {"title": "?"}]"#),
    ];
    let report = import(&user, files).await;
    assert_counts(&report, ItemKind::File, 0, 0, 7);
    assert_counts(&report, ItemKind::Memory, 2, 0, 0);
    let said = report.to_string();
    for reason in [
        "skipped a.zip: it is a ZIP archive",
        "skipped a.bin: unknown format",
        "skipped a.html: unknown format",
        "skipped nothing: it is empty",
        "skipped broken.json: invalid JSON: EOF",
        "skipped odd.json, row 2: it is neither a conversation nor a memory",
        "memories: 2 created, 0 already existed, 0 skipped",
    ] {
        assert!(said.contains(reason), "{reason}: {said}");
    }
}
