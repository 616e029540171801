//! Attached files over HTTP: upload, search, and refusals.

use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tools::{Audience, assistant::views};

use crate::support::{
    calls::context,
    json::{assert_invalid, column, field_names},
    server::{Answer, Caller, Server, TestUser, models_folder, on_runtime, wait_until_indexed},
};

/// The smallest PNG.
pub(crate) const PIXEL: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02\x08\x02\0\0\0\x12\x16\xf1M\0\0\0\0IEND\xaeB`\x82";

/// Sends files in one form.
pub(crate) async fn upload(caller: &Caller, files: &[(&str, &[u8])]) -> Answer {
    upload_to(caller, "/v2/files", files).await
}

async fn upload_to(caller: &Caller, path: &str, files: &[(&str, &[u8])]) -> Answer {
    let form = files.iter().fold(Form::new(), |form, (name, content)| {
        form.part("files", Part::bytes(content.to_vec()).file_name((*name).to_owned()))
    });
    Answer::to(caller.request(Method::POST, path).multipart(form)).await
}

/// A PDF of two pages about the moon.
pub(crate) fn moon_pdf() -> Vec<u8> {
    let steps = |text: &str| format!("BT /F1 12 Tf 72 700 Td ({text}) Tj ET");
    let pages = [steps("The moon was full over the harbour."), steps("At dawn the ferry left for Hvar.")];
    let stream = |steps: &String| format!("<< /Length {} >>\nstream\n{steps}\nendstream", steps.len());
    let page = |content: usize| {
        format!("<< /Type /Page /Parent 2 0 R /Contents {content} 0 R /Resources << /Font << /F1 3 0 R >> >> >>")
    };
    assemble_pdf(&[
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [4 0 R 5 0 R] /Count 2 >>".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        page(6),
        page(7),
        stream(&pages[0]),
        stream(&pages[1]),
    ])
}

/// A PDF of these objects, of which the first one is the catalog.
pub(crate) fn assemble_pdf(objects: &[String]) -> Vec<u8> {
    let (mut pdf, mut places) = ("%PDF-1.4\n".to_owned(), String::new());
    for (number, object) in (1..).zip(objects) {
        places += &format!("{:010} 00000 n \n", pdf.len());
        pdf += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let table = pdf.len();
    let count = objects.len() + 1;
    pdf += &format!("xref\n0 {count}\n0000000000 65535 f \n{places}");
    pdf += &format!("trailer << /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    pdf.into_bytes()
}

async fn search(user: &TestUser, query: &str) -> Value {
    user.app().get(&format!("/v1/files/search?{query}")).await.ok()["passages"].take()
}

#[tokio::test]
async fn uploaded_files_are_described_as_in_the_contract() {
    let user = Server::shared().await.user().await;
    for path in ["/v2/files", "/v1/files"] {
        let files = [("notes.md", &b"# Notes"[..]), ("pixel.png", PIXEL), ("moon.pdf", &moon_pdf())];
        let answer = upload_to(&user.app(), path, &files).await.ok();
        assert_eq!(column(&answer, "name"), ["notes.md", "pixel.png", "moon.pdf"]);
        assert_eq!(column(&answer, "mime_type"), ["text/markdown", "image/png", "application/pdf"]);
        for file in answer.as_array().unwrap() {
            assert_eq!(field_names(file), ["created_at", "id", "mime_type", "name", "openai_file_id", "thumbnail"]);
            assert_eq!((&file["thumbnail"], &file["openai_file_id"]), (&json!(""), &file["id"]));
        }
    }
    let listed = user.app().get("/v1/files?limit=3").await.ok();
    assert_eq!(column(&listed, "name"), ["notes.md", "pixel.png", "moon.pdf"], "in the order given");
    let sizes =
        |file: &Value| [&file["width"], &file["height"], &file["pages"], &file["characters"]].map(Value::as_u64);
    assert_eq!(sizes(&listed[1]), [Some(3), Some(2), None, Some(0)]);
    assert_eq!(sizes(&listed[2])[2], Some(2));
    let opened = user.app().get(&format!("/v1/files/{}", listed[2]["id"].as_str().unwrap())).await.ok();
    let opening = opened["opening"].as_str().unwrap();
    assert!(opening.starts_with("The moon was full") && opening.ends_with("left for Hvar.\n"), "{opening:?}");
}

#[tokio::test]
async fn passages_are_found_by_words_at_once_and_by_meaning_soon() {
    let server = Server::shared().await;
    let user = server.user().await;
    let filler = "The committee met again and noted what had been said before. ".repeat(40);
    let report = format!("{filler}\n\nGrandfather fried dumplings with plums.\n\n{filler}");
    let files = upload(&user.app(), &[("report.txt", report.as_bytes()), ("moon.pdf", &moon_pdf())]).await.ok();
    let found = search(&user, "question=dumplings&limit=1").await;
    let expected = ["file_id", "name", "page", "place", "score", "text", "uploaded_at"];
    assert_eq!(field_names(&found[0]), expected);
    assert!(found[0]["text"].as_str().unwrap().contains("fried dumplings"), "{found}");
    assert!(found[0]["text"].as_str().unwrap().chars().count() <= 1000);
    assert_eq!((&found[0]["file_id"], &found[0]["uploaded_at"]), (&files[0]["id"], &files[0]["created_at"]));
    wait_until_indexed(server).await;
    let found = search(&user, "question=a%20boat%20sails%20early%20in%20the%20morning&limit=1").await;
    assert_eq!((&found[0]["name"], &found[0]["page"]), (&json!("moon.pdf"), &json!(2)), "{found}");
    let only = format!("question=committee&limit=30&file_ids={}", files[1]["id"].as_str().unwrap());
    assert!(column(&search(&user, &only).await, "name").iter().all(|name| *name == "moon.pdf"));
}

#[tokio::test]
async fn files_are_found_fetched_and_opened_with_everything_else() {
    let server = Server::shared().await;
    let user = server.user().await;
    let filler = "The committee met again and noted what had been said before. ".repeat(1800);
    let report = format!("{filler}\n\nGrandfather fried dumplings with plums.");
    let files = upload(&user.app(), &[("report.txt", report.as_bytes())]).await.ok();
    let id = files[0]["id"].as_str().unwrap();
    let found = user.app().get("/v1/search?query=fried%20dumplings%20with%20plums").await.ok();
    let results = found["results"].as_array().unwrap();
    let part = |result: &&Value| result["id"].as_str().unwrap().starts_with(&format!("file:{id}#"));
    let result = results.iter().find(part).unwrap_or_else(|| panic!("{found}"));
    assert!(result["title"].as_str().unwrap().contains("“report.txt”"), "{result}");

    let fetch = async |id: &str| user.app().get(&format!("/v1/fetch?id={}", id.replace('#', "%23"))).await.ok();
    let passage = fetch(result["id"].as_str().unwrap()).await;
    assert!(passage["metadata"]["passage"].as_str().unwrap().contains("fried dumplings"), "{passage}");
    assert!(passage["text"].as_str().unwrap().chars().count() < 3100, "and not the whole file");
    let whole = fetch(&format!("file:{id}")).await;
    let next = whole["metadata"]["next"].as_str().unwrap_or_else(|| panic!("{}", whole["metadata"]));
    assert!(whole["text"].as_str().unwrap().ends_with(&format!("[Continues: fetch {next}]")));
    let rest = fetch(next).await;
    assert!(rest["text"].as_str().unwrap().ends_with("Grandfather fried dumplings with plums."), "{rest}");
    assert_eq!(rest["metadata"]["next"], Value::Null);

    let (context, uri) = (context(server, &user, Audience::App).await, result["url"].as_str().unwrap().to_owned());
    let opened = on_runtime(async move { views::find(&uri).unwrap().open(context).await.unwrap() }).await;
    assert_eq!(opened.text, report, "its address opens all of it");
}

#[tokio::test]
async fn keys_have_no_scope_for_files() {
    let user = Server::shared().await.user().await;
    let files = upload(&user.app(), &[("a.txt", b"Saxifrage grows here")]).await.ok();
    let (developer, mcp) = (user.developer(), user.mcp());
    for (caller, root) in [(&developer, "/v1/dev/user"), (&mcp, "/v1/mcp")] {
        assert_eq!(caller.get(&format!("{root}/search?query=saxifrage")).await.ok()["results"], json!([]));
        let fetched = caller.get(&format!("{root}/fetch?id=file:{}", files[0]["id"].as_str().unwrap())).await;
        fetched.refused(403, "This needs a signed-in user, not an API key");
    }
}

#[tokio::test]
async fn a_deleted_file_is_found_no_more() {
    let server = Server::shared().await;
    let user = server.user().await;
    let files =
        upload(&user.app(), &[("a.txt", b"Saxifrage grows here"), ("b.txt", b"Saxifrage grows there")]).await.ok();
    let path = format!("/v1/files/{}", files[0]["id"].as_str().unwrap());
    assert_eq!(user.app().delete(&path).await.ok(), json!({ "success": true }));
    assert_eq!(column(&search(&user, "question=saxifrage").await, "name"), ["b.txt"]);
    user.app().get(&path).await.refused(404, "File not found");
    user.app().delete(&path).await.refused(404, "File not found");
    wait_until_indexed(server).await;
    assert_eq!(column(&search(&user, "question=saxifrage").await, "name"), ["b.txt"]);
}

#[tokio::test]
async fn the_files_of_a_chat_go_with_it() {
    let server = Server::shared().await;
    let (user, bob) = (server.user().await, server.user().await);
    let mut ids = Vec::new();
    for name in ["mine.txt", "coach.txt", "loose.txt"] {
        let files = upload(&user.app(), &[(name, b"Edelweiss")]).await.ok();
        ids.push(files[0]["id"].as_str().unwrap().to_owned());
    }
    let (resources, id, stranger, named) = (server.resources.clone(), user.id.clone(), bob.id.clone(), ids.clone());
    on_runtime(async move {
        let files = resources.chat_files(&id);
        files.attach_to_chat(None, &named[..1]).await.unwrap();
        files.attach_to_chat(Some("coach"), &named[..2]).await.unwrap();
        resources.chat_files(&stranger).attach_to_chat(Some("coach"), &named[2..]).await.unwrap();
        assert_eq!(resources.chat_files(&stranger).delete_of_chat(Some("coach")).await.unwrap(), 0);
        assert!(resources.chat_files(&stranger).opening(&named, 10).await.unwrap().is_empty());
        assert!(resources.chat_files(&stranger).get_many(&named).await.unwrap().is_empty());
        let order: Vec<String> = named.iter().rev().cloned().collect();
        let names: Vec<String> = files.get_many(&order).await.unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["loose.txt", "coach.txt", "mine.txt"]);
        let opening = files.opening(&named[..1], 4).await.unwrap().remove(0);
        assert_eq!((opening.text.as_str(), opening.whole), ("Edel", false));
        assert!(files.opening(&named[..1], 9).await.unwrap()[0].whole);
        assert_eq!(files.delete_of_chat(Some("coach")).await.unwrap(), 1, "the first chat keeps a file");
        assert_eq!(files.delete_of_chat(None).await.unwrap(), 1);
    })
    .await;
    assert_eq!(column(&user.app().get("/v1/files").await.ok(), "name"), ["loose.txt"]);
    assert_eq!(column(&search(&user, "question=edelweiss").await, "name"), ["loose.txt"]);
}

#[tokio::test]
async fn pictures_are_recognized_by_their_content() {
    let server = Server::shared().await;
    let user = server.user().await;
    let files = upload(&user.app(), &[("pixel.txt", PIXEL), ("a.txt", b"text")]).await.ok();
    assert_eq!(files[0]["mime_type"], "image/png", "the content counts, not the name");
}

#[tokio::test]
async fn unreadable_files_are_refused_by_name() {
    let user = Server::shared().await.user().await;
    let cases: [(&str, &[u8], &str); 4] = [
        ("void.txt", b"", "The file void.txt is empty"),
        (
            "tool.exe",
            b"MZ\0\0\x01",
            "The file tool.exe is not a supported format: text, Markdown, CSV, JSON, HTML, PDF, PNG, JPEG, GIF or WebP",
        ),
        ("torn.pdf", b"%PDF-1.4 and no more", "The file torn.pdf is a damaged PDF"),
        ("torn.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "The file torn.png is a damaged image"),
    ];
    for (name, content, sentence) in cases {
        let answer = upload(&user.app(), &[("fine.txt", b"fine"), (name, content)]).await;
        assert_invalid(&answer, &[("value_error", json!(["body", "files", 1]))]);
        assert_eq!(answer.body["detail"][0]["msg"], sentence);
    }
    assert_eq!(user.app().get("/v1/files").await.ok(), json!([]), "all files of a form are kept, or none");
    let eleven: Vec<(&str, &[u8])> = vec![("a.txt", b"a"); 11];
    let answer = upload(&user.app(), &eleven).await;
    assert_invalid(&answer, &[("too_long", json!(["body", "files"]))]);
    assert_eq!(answer.body["detail"][0]["input"], Value::Null, "files are not sent back");
}

#[tokio::test]
async fn forms_that_are_none_are_refused() {
    let app = Server::shared().await.user().await.app();
    let missing = [("missing", json!(["body", "files"]))];
    let post = || app.request(Method::POST, "/v2/files");
    assert_invalid(&Answer::to(post()).await, &missing);
    assert_invalid(&Answer::to(post().json(&json!({ "files": [] }))).await, &missing);
    assert_invalid(&Answer::to(post().multipart(Form::new().text("language", "en"))).await, &missing);
    let broken = post().header("content-type", "multipart/form-data; boundary=x").body("--x\r\nnothing");
    let answer = Answer::to(broken).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body["detail"].as_str().unwrap().starts_with("The form could not be read: "), "{}", answer.body);
    let large = vec![b'x'; (20 << 20) + 1];
    let answer = upload(&app, &[("large.txt", &large)]).await;
    answer.refused(413, "The request body is larger than 20971520 bytes");
    let stream = futures::stream::iter((0..21).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 1 << 20])));
    let endless = Form::new().part("files", Part::stream(reqwest::Body::wrap_stream(stream)).file_name("endless.txt"));
    let answer = Answer::to(post().multipart(endless)).await;
    answer.refused(413, "The request body is larger than 20971520 bytes");
    let nobody = Answer::to(reqwest::Client::new().post(post().build().unwrap().url().clone())).await;
    nobody.refused(401, "Authorization header not found");
}

#[tokio::test]
async fn the_longest_texts_and_pictures_fit() {
    let user = Server::shared().await.user().await;
    let longest = "Words of a sentence. ".repeat(47_619);
    let mut picture = PIXEL.to_vec();
    picture.resize(18 << 20, 7);
    let files = upload(&user.app(), &[("longest.txt", longest.as_bytes()), ("large.png", &picture)]).await.ok();
    assert_eq!(column(&files, "name"), ["longest.txt", "large.png"]);
    let answer = upload(&user.app(), &[("longest.txt", longest.as_bytes()), ("more.txt", b"and more")]).await;
    let sentence = "The file more.txt exceeds the limit of 1000000 characters for all files of an upload";
    assert_eq!(answer.body["detail"][0]["msg"], sentence);
    let path = format!("/v1/files/{}", files[0]["id"].as_str().unwrap());
    let opened = user.app().get(&path).await.ok();
    assert_eq!((&opened["characters"], opened["opening"].as_str().unwrap().len()), (&json!(999_999), 10_000));
    user.app().delete(&path).await.ok();
}

#[tokio::test]
async fn files_are_found_after_a_reindex() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |_| {}).await;
    let user = server.user().await;
    upload(&user.app(), &[("alps.txt", b"Gentians bloom at two thousand metres"), ("moon.pdf", &moon_pdf())])
        .await
        .ok();
    server.stop().await;
    let mut config = server::Config::in_folder(folder.path());
    config.embedder.sources.folder = Some(models_folder().await.to_owned());
    let settings = config.settings();
    let indexed = on_runtime(async move { resources::Resources::reindex(&settings, |_, _| {}).await.unwrap() }).await;
    assert!(indexed >= 3, "{indexed}");
    let server = Server::boot(folder.path(), |_| {}).await;
    let user = TestUser { url: server.url.clone(), ..user };
    assert_eq!(search(&user, "question=gentians&limit=1").await[0]["name"], "alps.txt");
    assert_eq!(search(&user, "question=ferry&limit=1").await[0]["page"], 2);
    server.stop().await;
}
