//! An OpenAI-compatible transcription endpoint on loopback that answers what a test has written for it.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use futures::stream;
use poem::{IntoResponse, Response, Server, endpoint::make, http::StatusCode, listener::TcpAcceptor};
use serde_json::json;

use super::server::on_runtime;

/// The endpoint's answer to a recording.
#[derive(Clone)]
pub(crate) enum Recognition {
    /// These words, in a language that it names or not.
    Text(&'static str, Option<&'static str>),
    /// Refuses with a status, and maybe a Retry-After in seconds.
    Fail(u16, Option<u32>),
    /// Never answers.
    Stall,
}

/// A request to the endpoint.
#[derive(Clone, Default)]
pub(crate) struct Sent {
    pub(crate) authorization: String,
    pub(crate) model: String,
    pub(crate) language: Option<String>,
    pub(crate) name: String,
    pub(crate) audio: Vec<u8>,
}

/// The answers, each under a word in the recording, and the requests.
#[derive(Clone, Default)]
pub(crate) struct ScriptedSpeech(Arc<Mutex<HashMap<&'static str, Script>>>);

/// An answer, and the requests that got it.
type Script = (Recognition, Vec<Sent>);

impl ScriptedSpeech {
    /// Starts the endpoint; gives its base URL.
    pub(crate) async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().into_std().unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let speech = self.clone();
        let endpoint = make(move |request: poem::Request| {
            let speech = speech.clone();
            async move { Ok::<_, poem::Error>(speech.hear(read(request).await).await) }
        });
        on_runtime(async move {
            let acceptor = TcpAcceptor::from_std(listener).unwrap();
            tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
        })
        .await;
        url
    }

    /// Sets the answer for recordings that contain this word.
    pub(crate) fn script(&self, word: &'static str, act: Recognition) {
        self.0.lock().unwrap().insert(word, (act, Vec::new()));
    }

    /// The requests whose recording contains this word.
    pub(crate) fn sent(&self, word: &str) -> Vec<Sent> {
        self.0.lock().unwrap()[word].1.clone()
    }

    async fn hear(&self, sent: Sent) -> Response {
        let act = {
            let mut scripts = self.0.lock().unwrap();
            let has = |word: &str| sent.audio.windows(word.len()).any(|window| window == word.as_bytes());
            let (_, (act, requests)) = scripts.iter_mut().find(|(word, _)| has(word)).expect("a script for the audio");
            requests.push(sent);
            act.clone()
        };
        match act {
            Recognition::Text(text, None) => poem::web::Json(json!({ "text": text })).into_response(),
            Recognition::Text(text, language) => {
                poem::web::Json(json!({ "text": text, "language": language })).into_response()
            }
            Recognition::Fail(status, later) => {
                let error = json!({ "error": { "message": "scripted failure", "type": "scripted" } });
                let response = poem::web::Json(error).with_status(StatusCode::from_u16(status).unwrap());
                match later {
                    Some(seconds) => response.with_header("retry-after", seconds.to_string()).into_response(),
                    None => response.into_response(),
                }
            }
            Recognition::Stall => std::future::pending().await,
        }
    }
}

/// Reads a request as OpenAI's own endpoint would.
async fn read(request: poem::Request) -> Sent {
    assert_eq!(request.uri().path(), "/v1/audio/transcriptions");
    let boundary = multer::parse_boundary(request.content_type().unwrap()).unwrap();
    let authorization = request.header("authorization").unwrap_or_default().to_owned();
    assert!(request.header("content-length").is_some(), "some endpoints want to know the length");
    let body = request.into_body().into_bytes().await.unwrap();
    let body = stream::once(async move { Ok::<_, Infallible>(body) });
    let mut form = multer::Multipart::new(body, boundary);
    let mut sent = Sent { authorization, ..Sent::default() };
    while let Some(field) = form.next_field().await.unwrap() {
        match field.name().unwrap() {
            "model" => sent.model = field.text().await.unwrap(),
            "language" => sent.language = Some(field.text().await.unwrap()),
            "response_format" => assert_eq!(field.text().await.unwrap(), "json"),
            "file" => {
                sent.name = field.file_name().unwrap().to_owned();
                sent.audio = field.bytes().await.unwrap().to_vec();
            }
            other => panic!("nobody knows {other}"),
        }
    }
    sent
}
