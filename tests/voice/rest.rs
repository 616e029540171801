//! Spoken messages: transcription and questions, with a scripted endpoint.

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::{SinkExt, StreamExt};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::support::{
    json::assert_invalid,
    scripted::ServerWithSpeech,
    server::{Answer, Caller, Server},
    speech::Recognition,
};

const TRANSCRIBE: &str = "/v2/voice-message/transcribe";
const NO_ENDPOINT: &str = "No transcription endpoint is configured: set speech.url";

/// Recordings, each a WAV file by its first bytes, that have these words in them.
fn recordings(words: &[&str]) -> Form {
    words.iter().fold(Form::new(), |form, word| {
        let wav = [b"RIFF\0\0\0\0WAVEfmt ", word.as_bytes()].concat();
        form.part("files", Part::bytes(wav).file_name(format!("{word}.wav")).mime_str("audio/wav").unwrap())
    })
}

async fn transcribe(caller: &Caller, form: Form) -> Answer {
    Answer::to(caller.request(Method::POST, TRANSCRIBE).multipart(form)).await
}

async fn samples(caller: &Caller, query: &str, samples: Vec<u8>) -> Answer {
    let request = caller.request(Method::POST, &format!("{TRANSCRIBE}{query}"));
    Answer::to(request.header("content-type", "application/octet-stream").body(samples)).await
}

/// The frames of a stream: what each is, and what it carries.
fn frames(stream: &str) -> Vec<(&str, &str)> {
    let frames = stream.strip_suffix("\n\n").unwrap().split("\n\n");
    frames.map(|frame| frame.split_once(": ").unwrap()).collect()
}

fn message(payload: &str) -> Value {
    serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn recordings_are_sent_as_they_are_and_come_back_as_text() {
    let setup = ServerWithSpeech::shared().await;
    let app = setup.server.user().await.app();
    setup.speech.script("greeting", Recognition::Text(" Good morning. ", None));
    setup.speech.script("farewell", Recognition::Text("Good night.", Some("english")));
    let answer = transcribe(&app, recordings(&["greeting", "farewell"]).text("language", "en-GB")).await.ok();
    assert_eq!(answer, json!({ "transcript": "Good morning. Good night.", "language": "english" }));
    let sent = setup.speech.sent("greeting").remove(0);
    assert_eq!((sent.model.as_str(), sent.authorization.as_str()), ("scripted", "Bearer sesame"));
    assert_eq!((sent.language.as_deref(), sent.name.as_str()), (Some("en"), "greeting.wav"));
    assert_eq!(sent.audio, b"RIFF\0\0\0\0WAVEfmt greeting");
    setup.speech.script("silence", Recognition::Text("", None));
    let answer = transcribe(&app, recordings(&["silence"]).text("language", "auto")).await.ok();
    assert_eq!(answer, json!({ "transcript": "", "language": null }));
    assert_eq!(setup.speech.sent("silence")[0].language, None, "it is to be found out");
}

#[tokio::test]
async fn bare_samples_become_a_wav_file() {
    let setup = ServerWithSpeech::shared().await;
    let app = setup.server.user().await.app();
    setup.speech.script("plain samples!!!", Recognition::Text("Hello", None));
    let query = "?language=de&sample_rate=8000&channels=2&encoding=linear16";
    let answer = samples(&app, query, b"plain samples!!!".to_vec()).await.ok();
    assert_eq!(answer, json!({ "transcript": "Hello", "language": "de" }));
    let sent = setup.speech.sent("plain samples!!!").remove(0);
    assert_eq!((sent.name.as_str(), sent.audio.len(), &sent.audio[44..]), ("audio.wav", 60, &b"plain samples!!!"[..]));
    let number = |at: usize| u32::from_le_bytes(sent.audio[at..at + 4].try_into().unwrap());
    assert_eq!((number(24), number(28), number(40)), (8000, 32_000, 16), "rate, bytes a second, length");
    assert_eq!(sent.audio[22], 2, "channels");
    for (query, kind, name) in [
        ("?sample_rate=7999", "greater_than_equal", "sample_rate"),
        ("?sample_rate=48001", "less_than_equal", "sample_rate"),
        ("?channels=3", "less_than_equal", "channels"),
        ("?encoding=mulaw", "enum", "encoding"),
    ] {
        assert_invalid(&samples(&app, query, vec![0, 0]).await, &[(kind, json!(["query", name]))]);
    }
}

#[tokio::test]
async fn empty_and_too_large_audio_is_refused() {
    let setup = ServerWithSpeech::shared().await;
    let app = setup.server.user().await.app();
    samples(&app, "", Vec::new()).await.refused(400, "No audio was sent");
    transcribe(&app, Form::new().text("language", "en")).await.refused(400, "No audio was sent");
    Answer::to(app.request(Method::POST, TRANSCRIBE)).await.refused(400, "No audio was sent");
    let empty = Form::new().part("files", Part::bytes(Vec::new()).file_name("a.wav"));
    transcribe(&app, empty).await.refused(400, "The audio could not be read: a.wav is empty");
    let minute = futures::stream::iter((0..201).map(|_| Ok::<_, std::io::Error>(vec![0u8; 1 << 20])));
    let endless = app.request(Method::POST, TRANSCRIBE).header("content-type", "application/octet-stream");
    let answer = Answer::to(endless.body(reqwest::Body::wrap_stream(minute))).await;
    answer.refused(413, "The request body is larger than 209715200 bytes");
}

#[tokio::test]
async fn errors_of_the_endpoint_are_passed_on() {
    let setup = ServerWithSpeech::shared().await;
    let app = setup.server.user().await.app();
    setup.speech.script("garbled", Recognition::Fail(400, None));
    let answer = transcribe(&app, recordings(&["garbled"])).await;
    answer.refused(400, "The audio could not be read: scripted failure");
    for (word, act, later) in [
        ("crowded", Recognition::Fail(429, Some(17)), "17"),
        ("crashed", Recognition::Fail(500, None), "5"),
        ("locked", Recognition::Fail(401, None), "5"),
        ("stalled", Recognition::Stall, "5"),
    ] {
        setup.speech.script(word, act);
        let answer = transcribe(&app, recordings(&[word])).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, later), "{word}");
        let sentence = answer.body["detail"].as_str().unwrap();
        assert!(sentence.starts_with("the transcription endpoint is unavailable: "), "{sentence}");
    }
}

#[tokio::test]
async fn without_an_endpoint_it_says_so() {
    let user = Server::shared().await.user().await;
    for path in [TRANSCRIBE, "/v2/voice-messages"] {
        let answer = Answer::to(user.app().request(Method::POST, path).multipart(recordings(&["hello"]))).await;
        answer.refused(503, NO_ENDPOINT);
        let nobody = Answer::to(user.http.post(format!("{}{path}", user.url)).multipart(recordings(&["hello"]))).await;
        nobody.refused(401, "Authorization header not found");
        // The answer comes before the recording has been sent.
        let endless = reqwest::Body::wrap_stream(futures::stream::pending::<std::io::Result<Vec<u8>>>());
        let request = user.app().request(Method::POST, path).header("content-type", "application/octet-stream");
        Answer::to(request.body(endless)).await.refused(503, NO_ENDPOINT);
        assert_eq!(Answer::to(user.developer().request(Method::POST, path)).await.status, 401);
    }
    let health = user.app().get("/healthz").await.ok();
    assert_eq!(health["speech"], Value::Null);
    let health = ServerWithSpeech::shared().await.server.user().await.app().get("/healthz").await.ok();
    assert_eq!(health["speech"], "scripted");
}

#[tokio::test]
async fn a_spoken_question_is_answered_like_a_written_one() {
    let setup = ServerWithSpeech::shared().await;
    let user = setup.server.user().await;
    user.app().post("/v3/memories", json!({ "content": "Mira was born in Porto" })).await.ok();
    setup.speech.script("birthplace", Recognition::Text("Where was Mira born?", None));
    setup.speech.script("ignored", Recognition::Text("Never heard", None));
    let form = recordings(&["birthplace", "ignored"]).text("language", "en");
    let request = user.app().request(Method::POST, "/v2/voice-messages?app_id=coach").multipart(form);
    let answer = Answer::to(request).await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    let stream = answer.ok();
    let frames = frames(stream.as_str().unwrap());
    let (first, last) = (frames[0], frames[frames.len() - 1]);
    assert_eq!((first.0, last.0), ("message", "done"));
    let (question, reply) = (message(first.1), message(last.1));
    assert_eq!((&question["text"], &question["sender"]), (&json!("Where was Mira born?"), &json!("human")));
    assert_eq!((&question["app_id"], &reply["app_id"]), (&json!("coach"), &json!("coach")));
    assert_eq!(reply["citations"][0]["quote"], "Mira was born in Porto");
    assert!(frames.iter().any(|(prefix, _)| *prefix == "think") && frames.iter().any(|(prefix, _)| *prefix == "data"));
    assert!(setup.speech.sent("ignored").is_empty(), "only the first recording counts");
    setup.speech.script("mumbling", Recognition::Text(" ", None));
    let silent = user.app().request(Method::POST, "/v2/voice-messages").multipart(recordings(&["mumbling"]));
    Answer::to(silent).await.refused(400, "No speech was recognized in the audio");
    let none = user.app().request(Method::POST, "/v2/voice-messages").multipart(Form::new().text("language", "en"));
    Answer::to(none).await.refused(400, "No audio was sent");
}

/// Dictates with this query: samples, then `finalize`, for each of the words. Gives each text, or the close code.
async fn dictate(url: &str, token: &str, query: &str, words: &[&str]) -> Vec<Result<Value, u16>> {
    let address = format!("{}/v2/voice-message/transcribe-stream{query}", url.replace("http://", "ws://"));
    let mut request = address.into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    let mut answers = Vec::new();
    for word in words {
        // Sending may fail on a connection that is closing; the close frame comes all the same.
        let _ = socket.send(Message::binary(word.as_bytes().to_vec())).await;
        let _ = socket.send(Message::text("finalize")).await;
        let answer = match socket.next().await {
            Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(text.as_str()).unwrap()),
            Some(Ok(Message::Close(Some(frame)))) => Err(frame.code.into()),
            other => panic!("{other:?}"),
        };
        let is_over = answer.is_err();
        answers.push(answer);
        if is_over {
            break;
        }
    }
    answers
}

#[tokio::test]
async fn dictation_comes_back_whenever_it_is_finalized() {
    let setup = ServerWithSpeech::shared().await;
    let user = setup.server.user().await;
    setup.speech.script("first dictation!", Recognition::Text("One.", None));
    setup.speech.script("second dictation", Recognition::Text("Two.", None));
    let words = ["first dictation!", "", "second dictation"];
    let received = dictate(&user.url, &user.token, "?language=nb&sample_rate=8000", &words).await;
    let segments: Vec<&Value> = received.iter().map(|answer| answer.as_ref().unwrap()).collect();
    assert_eq!((&segments[0][0]["text"], &segments[2][0]["text"]), (&json!("One."), &json!("Two.")));
    assert_eq!(segments[1], &json!([]), "nothing was said");
    assert_eq!((&segments[0][0]["start"], &segments[0][0]["end"]), (&json!(0.0), &json!(0.001)));
    assert_eq!(segments[2][0]["start"], segments[0][0]["end"], "it goes on where it left off");
    let sent = setup.speech.sent("second dictation").remove(0);
    assert_eq!((sent.language.as_deref(), sent.name.as_str(), sent.audio.len()), (Some("nb"), "audio.wav", 60));
}

#[tokio::test]
async fn dictation_closes_with_the_reason() {
    let setup = ServerWithSpeech::shared().await;
    let user = setup.server.user().await;
    setup.speech.script("broken dictation", Recognition::Fail(500, None));
    assert_eq!(dictate(&user.url, &user.token, "", &["broken dictation"]).await, [Err(1011)]);
    for query in ["?codec=opus", "?sample_rate=1", "?channels=2", "?sample_rate=fast"] {
        assert_eq!(dictate(&user.url, &user.token, query, &["x"]).await, [Err(1008)], "{query}");
    }
    assert_eq!(dictate(&user.url, "nobody", "", &["x"]).await, [Err(1008)]);
    let deaf = Server::shared().await.user().await;
    assert_eq!(dictate(&deaf.url, &deaf.token, "", &["x"]).await, [Err(1011)]);
    let plain = user.app().get("/v2/voice-message/transcribe-stream").await;
    plain.refused(400, "This route requires a WebSocket");
}
