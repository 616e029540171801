use std::time::Duration;

use lopdf::{Dictionary, Stream, dictionary};

use super::*;

/// Reads a PDF with at most `chars` characters.
fn read(bytes: &[u8], chars: usize) -> Result<Vec<Page>, PdfError> {
    super::read(bytes, Budget { deadline: Instant::now() + Duration::from_secs(60), chars })
}

/// A PDF with these pages, each given by its content stream.
fn pdf(pages: &[&str]) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let root = document.new_object_id();
    let font = dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Courier", "FirstChar" => 0,
    "Widths" => Object::Array(vec![600.into(); 256]), "Encoding" => "WinAnsiEncoding" };
    let font = document.add_object(font);
    let resources = document.add_object(dictionary! { "Font" => dictionary! { "F1" => font } });
    let mut kids = Vec::new();
    for steps in pages {
        let content = document.add_object(Stream::new(Dictionary::new(), steps.as_bytes().to_vec()));
        let page = dictionary! { "Type" => "Page", "Parent" => root, "Contents" => content, "Resources" => resources };
        kids.push(document.add_object(page).into());
    }
    let count = kids.len() as i64;
    document.set_object(root, dictionary! { "Type" => "Pages", "Kids" => Object::Array(kids), "Count" => count });
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn text(steps: &str) -> String {
    read(&pdf(&[steps]), 1000).unwrap().remove(0).text
}

#[test]
fn lines_words_and_paragraphs_follow_from_positions() {
    let steps =
        "BT /F1 10 Tf 72 700 Td (One line) Tj 0 -12 Td (and an-) Tj 0 -12 Td (other.) Tj 0 -30 Td (Below.) Tj ET";
    assert_eq!(text(steps), "One line\nand another.\n\nBelow.\n");
    // A letter is 0.6 of the font size wide: text that begins there continues the word, text that begins later does
    // not.
    let steps = "BT /F1 10 Tf 1 0 0 1 72 700 Tm (wo) Tj 1 0 0 1 84 700 Tm (rd) Tj 1 0 0 1 100 700 Tm (next) Tj ET";
    assert_eq!(text(steps), "word next\n");
    assert_eq!(text("BT /F1 10 Tf [(k) 60 (ern) -400 (gap)] TJ ET"), "kern gap\n");
    let steps = "q 1 0 0 1 72 700 cm BT /F1 10 Tf (high) Tj ET Q q 1 0 0 1 72 650 cm BT /F1 10 Tf (low) Tj ET Q";
    assert_eq!(text(steps), "high\n\nlow\n");
    assert_eq!(text("BT /F1 10 Tf 12 TL (a) Tj T* (b) Tj (c) ' ET"), "a\nb\nc\n");
}

#[test]
fn pages_are_separate_and_a_broken_one_is_empty() {
    let pages = read(&pdf(&["BT /F1 10 Tf (first) Tj ET", "BT (((", "BT /F1 10 Tf (third) Tj ET"]), 1000).unwrap();
    let texts: Vec<(u32, &str)> = pages.iter().map(|page| (page.number, page.text.trim())).collect();
    assert_eq!(texts, [(1, "first"), (2, ""), (3, "third")]);
}

#[test]
fn malformed_and_long_files_are_refused() {
    assert_eq!(read(b"%PDF-1.7\nnothing", 1000), Err(PdfError::Damaged));
    let long = format!("BT /F1 10 Tf ({}) Tj ET", "x".repeat(2000));
    assert_eq!(read(&pdf(&[&long]), 1000), Err(PdfError::TooLong));
    let late = Budget { deadline: Instant::now() - Duration::from_millis(1), chars: 1000 };
    assert_eq!(super::read(&pdf(&["BT /F1 10 Tf (late) Tj ET"]), late), Err(PdfError::TooSlow));
    let whole = pdf(&["BT /F1 10 Tf (cut off) Tj ET"]);
    for length in (0..whole.len()).step_by(37) {
        // It must return, with whatever result.
        let _ = read(&whole[..length], 1000);
    }
}

#[test]
fn password_protected_files_are_refused() {
    use lopdf::{EncryptionState, EncryptionVersion, Permissions};
    let encrypted = |password: &str| {
        let mut document = Document::load_mem(&pdf(&["BT /F1 10 Tf (secret) Tj ET"])).unwrap();
        let id = Object::string_literal("0123456789abcdef");
        document.trailer.set("ID", Object::Array(vec![id.clone(), id]));
        let version = EncryptionVersion::V2 {
            document: &document,
            owner_password: "owner",
            user_password: password,
            key_length: 128,
            permissions: Permissions::all(),
        };
        let state = EncryptionState::try_from(version).unwrap();
        document.encrypt(&state).unwrap();
        let mut bytes = Vec::new();
        document.save_to(&mut bytes).unwrap();
        bytes
    };
    assert_eq!(read(&encrypted("user"), 1000), Err(PdfError::Encrypted));
    assert_eq!(read(&encrypted(""), 1000).unwrap()[0].text, "secret\n");
}

#[test]
fn codes_of_many_letters_and_long_lists_of_widths_are_bounded() {
    let long = format!("BT /F1 10 Tf ({}) Tj ET", "A".repeat(100_000));
    let cmap = format!(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /X def\n1 beginbfchar\n<41> <{}>\n\
         endbfchar\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n",
        "0042".repeat(256)
    );
    let mut document = Document::load_mem(&pdf(&[&long])).unwrap();
    let cmap = document.add_object(Stream::new(Dictionary::new(), cmap.into_bytes()));
    let triplets = Object::Array([0, 65535, 1].repeat(10_000).into_iter().map(Object::from).collect());
    let descendant = document.add_object(dictionary! { "W" => triplets });
    for object in document.objects.values_mut() {
        let Ok(font) = object.as_dict_mut() else { continue };
        if font.get(b"Type").and_then(Object::as_name).is_ok_and(|kind| kind == b"Font") {
            font.set("Subtype", "Type0");
            font.set("Encoding", "Identity-H");
            font.set("ToUnicode", cmap);
            font.set("DescendantFonts", Object::Array(vec![descendant.into()]));
        }
    }
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    assert_eq!(read(&bytes, 1_000_000), Err(PdfError::TooLong));
}
