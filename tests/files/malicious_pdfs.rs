//! Small PDFs that take much memory or time to read: each is refused, and the server goes on.

use serde_json::json;
use tempfile::TempDir;

use super::rest::{assemble_pdf, moon_pdf, upload};
use crate::support::{
    json::{assert_invalid, column},
    program::Program,
    server::{Answer, Server, TestUser},
};

/// A PDF of one page with this content stream, this font and these further objects, from number 6 on.
fn pdf(content: &str, font: &str, others: &[String]) -> Vec<u8> {
    let page = "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        page.to_owned(),
        stream(content),
        format!("<< /Type /Font /BaseFont /Courier {font} >>"),
    ];
    assemble_pdf(&[&objects[..], others].concat())
}

fn stream(content: &str) -> String {
    format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len())
}

/// A stream that says which letters the codes of a font stand for.
fn letters_of_codes(mapping: &str) -> String {
    stream(&format!(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /X def\n{mapping}\nendcmap\n\
         CMapName currentdict /CMap defineresource pop\nend\nend\n"
    ))
}

const TEXT: &str = "BT /F1 12 Tf 72 700 Td (harbour) Tj ET";
const SIMPLE_FONT: &str = "/Subtype /Type1 /ToUnicode 6 0 R";

/// One line that gives letters to four thousand million codes.
fn range_of_codes() -> Vec<u8> {
    let range = "1 beginbfrange\n<00000000> <EFFFFFFF> <0041>\nendbfrange";
    pdf(TEXT, SIMPLE_FONT, &[letters_of_codes(range)])
}

/// Nine million operands of one step.
fn operands() -> Vec<u8> {
    pdf(&format!("BT /F1 12 Tf [{}] TJ ET", "0 ".repeat(9_000_000)), "/Subtype /Type1", &[])
}

/// One code of 256 letters, shown two hundred thousand times.
fn letters() -> Vec<u8> {
    let letters = format!("1 beginbfchar\n<41> <{}>\nendbfchar", "0042".repeat(256));
    let content = format!("BT /F1 12 Tf 72 700 Td ({}) Tj ET", "A".repeat(200_000));
    pdf(&content, SIMPLE_FONT, &[letters_of_codes(&letters)])
}

/// Widths that are given to all codes a hundred thousand times.
fn widths() -> Vec<u8> {
    let font = "/Subtype /Type0 /Encoding /Identity-H /ToUnicode 6 0 R /DescendantFonts [7 0 R]";
    let range = letters_of_codes("1 beginbfrange\n<0000> <FFFF> <0000>\nendbfrange");
    let descendant = format!("<< /Type /Font /Subtype /CIDFontType2 /W [{}] >>", "0 65535 1 ".repeat(100_000));
    pdf("BT /F1 12 Tf 72 700 Td <0068006100720062006f00750072> Tj ET", font, &[range, descendant])
}

#[track_caller]
fn assert_refused(answer: &Answer, reasons: &[&str]) {
    assert_invalid(answer, &[("value_error", json!(["body", "files", 0]))]);
    let sentence = answer.body["detail"][0]["msg"].as_str().unwrap();
    assert!(reasons.iter().any(|reason| sentence == format!("The file letter.pdf {reason}")), "{sentence}");
}

const TOO_MUCH: &[&str] = &["is a PDF that takes too much memory to read", "is a PDF that takes too long to read"];

async fn send(user: &TestUser, pdf: &[u8]) -> Answer {
    upload(&user.app(), &[("letter.pdf", pdf)]).await
}

#[tokio::test]
async fn pdfs_that_take_too_much_are_refused_while_others_are_served() {
    let server = Server::shared().await;
    let (mallory, ada) = (server.user().await, server.user().await);
    let (ranges, operands) = (range_of_codes(), operands());
    assert!(ranges.len() < 2000, "a small file");
    let bombs = async {
        let (ranges, operands) = tokio::join!(send(&mallory, &ranges), send(&mallory, &operands));
        assert_refused(&ranges, TOO_MUCH);
        assert_refused(&operands, TOO_MUCH);
    };
    let others = async {
        for _ in 0..3 {
            upload(&ada.app(), &[("moon.pdf", &moon_pdf())]).await.ok();
            ada.app().post("/v3/memories", json!({ "content": "Ada keeps bees." })).await.ok();
        }
    };
    tokio::join!(bombs, others);
    assert_eq!(mallory.app().get("/v1/files").await.ok(), json!([]));
    let answer = upload(&mallory.app(), &[("moon.pdf", &moon_pdf())]).await.ok();
    assert_eq!(column(&answer, "name"), ["moon.pdf"], "and ordinary ones are read again");
}

#[tokio::test]
async fn a_code_of_many_letters_does_not_exceed_the_limit_of_the_text() {
    let user = Server::shared().await.user().await;
    let answer = send(&user, &letters()).await;
    assert_refused(&answer, &["exceeds the limit of 1000000 characters for all files of an upload"]);
}

#[tokio::test]
async fn long_lists_of_widths_are_cut_off() {
    let user = Server::shared().await.user().await;
    let files = send(&user, &widths()).await.ok();
    let opened = user.app().get(&format!("/v1/files/{}", files[0]["id"].as_str().unwrap())).await.ok();
    assert_eq!(opened["opening"], "harbour\n");
}

#[tokio::test]
async fn the_program_starts_itself_to_read_a_pdf() {
    let folder = TempDir::new().unwrap();
    let program = Program::serve(folder.path()).await;
    let app = program.owner().app();
    assert_eq!(column(&upload(&app, &[("moon.pdf", &moon_pdf())]).await.ok(), "name"), ["moon.pdf"]);
    assert_refused(&upload(&app, &[("letter.pdf", &range_of_codes())]).await, TOO_MUCH);
    assert!(program.health().await["status"].is_string(), "the server lives on");
    program.stop().await;
}
