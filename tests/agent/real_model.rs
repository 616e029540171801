//! Twenty questions to a real language model. They run only where one is named, and print what it makes of them:
//! `RECOLLECT_TEST_MODEL_URL=http://127.0.0.1:8000/v1 cargo test --release --workspace -- --ignored real_model --nocapture`

use std::{env, time::Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::{
    chat::support::ask,
    support::server::{Server, TestUser, wait_until_indexed},
};

/// The user's memories.
const FACTS: [&str; 10] = [
    "Mira was born in Porto on 3 March 1988",
    "The wifi password of the cabin is bluebell-seventeen",
    "Jonas is allergic to walnuts",
    "My dentist is Dr. Okafor in Elm Street",
    "The car needs new tyres before November",
    "Grandmother's plum cake takes 200 grams of butter",
    "Lena works as a bridge engineer in Rotterdam",
    "I parked the bicycle behind the library",
    "Our cat is called Pixel and eats salmon only",
    "Tomas plays the cello in a quartet",
];

/// Conversations: when they began, and each line with whether the user said it.
const TALKS: [(&str, &[(&str, bool)]); 3] = [
    (
        "2026-03-09T18:00:00Z",
        &[
            ("How was the regatta?", true),
            ("We lost our mast in the storm off Vis and had to be towed.", false),
            ("Was anybody hurt?", true),
            ("Only Ivan, he broke his wrist.", false),
        ],
    ),
    (
        "2026-04-14T09:00:00Z",
        &[
            ("So when does the new kitchen come?", true),
            ("The carpenter promised the twelfth of June.", false),
            ("And what does it cost in the end?", true),
            ("Nine thousand four hundred euros with the oven.", false),
        ],
    ),
    (
        "2026-05-02T20:00:00Z",
        &[
            ("Which film did you see with Aylin?", true),
            ("An old one, The Red Shoes, at the open air cinema.", false),
            ("I would like to go with you next time.", true),
        ],
    ),
];

/// Questions, with words of which the answer has one, and with words of what it has to cite; no words for what nobody
/// has ever said.
const QUESTIONS: [(&str, &[&str], &str); 20] = [
    ("Where was Mira born?", &["Porto"], "Mira"),
    ("When was Mira born?", &["1988", "March"], "Mira"),
    ("What is the wifi password of the cabin?", &["bluebell"], "wifi"),
    ("What is Jonas allergic to?", &["walnut"], "walnuts"),
    ("Who is my dentist?", &["Okafor"], "Okafor"),
    ("What does the car need?", &["tyre", "tire"], "tyres"),
    ("How much butter goes into the plum cake?", &["200"], "butter"),
    ("What is Lena's job?", &["engineer"], "Lena"),
    ("Where is my bicycle?", &["library"], "bicycle"),
    ("What does our cat eat?", &["salmon"], "Pixel"),
    ("Which instrument does Tomas play?", &["cello"], "Tomas"),
    ("What happened at the regatta?", &["mast", "storm"], "mast"),
    ("Who was hurt at the regatta?", &["Ivan"], "Ivan"),
    ("What did Ivan break?", &["wrist"], "Ivan"),
    ("When does the new kitchen come?", &["June", "twelfth", "12"], "June"),
    ("What does the kitchen cost?", &["9,400", "9400", "Nine thousand", "nine thousand"], "Nine thousand"),
    ("Which film did my friend see with Aylin?", &["Red Shoes"], "Red Shoes"),
    ("Where did they see the film?", &["open air", "open-air"], "open air"),
    ("What is the name of my landlord?", &[], ""),
    ("Which medicine did the vet prescribe for the horse?", &[], ""),
];

#[tokio::test]
#[ignore = "needs a language model: RECOLLECT_TEST_MODEL_URL, and RECOLLECT_TEST_MODEL_NAME if it has several"]
async fn twenty_questions() {
    let url = env::var("RECOLLECT_TEST_MODEL_URL").expect("RECOLLECT_TEST_MODEL_URL names a model");
    let name = env::var("RECOLLECT_TEST_MODEL_NAME").unwrap_or_else(|_| "default".into());
    let folder = TempDir::new().unwrap();
    // The memory is filled by rules: it is the answers that are looked at.
    let server = Server::boot(folder.path(), |_| {}).await;
    let user = server.user().await;
    fill(&user).await;
    wait_until_indexed(&server).await;
    server.stop().await;
    let adjust = |config: &mut server::Config| {
        config.model.url = Some(url);
        config.model.name = Some(name);
        config.model.timeout_seconds = 900;
        config.model.answer_seconds = 1800;
        config.model.context_tokens =
            env::var("RECOLLECT_TEST_MODEL_CONTEXT").map_or(4096, |text| text.parse().unwrap());
        config.model.functions = env::var_os("RECOLLECT_TEST_MODEL_FUNCTIONS").is_some();
    };
    let server = Server::boot(folder.path(), adjust).await;
    let user = TestUser { url: server.url.clone(), ..user };
    let (mut right, mut cited, mut answered) = (0, 0, 0);
    for (question, words, source) in QUESTIONS {
        let begun = Instant::now();
        let answer = ask(&user, json!({ "text": question })).await;
        let text = answer.done["text"].as_str().unwrap();
        let quotes: Vec<&str> =
            answer.done["citations"].as_array().unwrap().iter().map(|one| one["quote"].as_str().unwrap()).collect();
        let has_word = words.iter().any(|word| text.contains(word));
        let has_source = quotes.iter().any(|quote| quote.contains(source));
        println!("{:5.1} s  {question}\n         {text:?}\n         {quotes:?}", begun.elapsed().as_secs_f64());
        answered += usize::from(answer.done["status"] == "completed");
        right += usize::from(has_word);
        cited += usize::from(!words.is_empty() && has_source);
    }
    println!("{answered} of 20 answered; of 18 that can be known, {right} right and {cited} with the right source");
    server.stop().await;
    assert_eq!(answered, 20);
    assert!(right >= 9, "even a small model gets half of them right");
}

async fn fill(user: &TestUser) {
    for fact in FACTS {
        user.app().post("/v3/memories", json!({ "content": fact })).await.ok();
    }
    for (started_at, said) in TALKS {
        let segment = |(place, (text, is_user)): (usize, &(&str, bool))| json!({ "text": text, "start": place * 10, "end": place * 10 + 9, "is_user": is_user, "speaker": "SPEAKER_01" });
        let segments: Vec<_> = said.iter().enumerate().map(segment).collect();
        let body = json!({ "transcript_segments": segments, "started_at": started_at });
        user.app().post("/v1/conversations/from-segments", body).await.ok();
    }
}
