//! Structured output of the model: the request, validation, the retry, and failures.

use resources::{Error, LanguageModel, LanguageModelSettings};
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::support::{
    model::{Act, ScriptedModel},
    server::on_runtime,
};

/// What a bird is like.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Bird {
    /// Its name.
    #[schemars(length(min = 1, max = 20))]
    name: String,
    /// How heavy it is, in grams.
    #[schemars(range(min = 1))]
    grams: u32,
    /// How it moves.
    gait: Option<Gait>,
    /// What it eats.
    #[serde(default)]
    food: Vec<Food>,
}

/// How a bird moves on the ground: it `hops` or it `walks`.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Gait {
    Hops,
    Walks,
}

/// Something to eat.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Food {
    /// What it is.
    what: String,
}

const ROBIN: &str = r#"{"name":"Robin","grams":18,"gait":"hops","food":[{"what":"worms"}]}"#;

fn robin() -> Bird {
    let food = vec![Food { what: "worms".into() }];
    Bird { name: "Robin".into(), grams: 18, gait: Some(Gait::Hops), food }
}

/// Asks a model that plays these acts; gives its answer, and the requests that came.
async fn asked<T: DeserializeOwned + JsonSchema + Send + 'static>(
    acts: impl IntoIterator<Item = Act>,
) -> (resources::Result<T>, Vec<Value>) {
    let model = ScriptedModel::start().await;
    model.script("Which bird?", acts);
    let url = Some(model.url.clone());
    let settings =
        LanguageModelSettings { url, name: Some("scripted".into()), timeout_seconds: 2, ..Default::default() };
    let answer = on_runtime(async move {
        let client = LanguageModel::open(&settings).unwrap().unwrap();
        client.ask::<T>("You know birds.", "Which bird?").await
    });
    (answer.await, model.requests("Which bird?"))
}

#[tokio::test]
async fn an_answer_is_asked_for_with_a_strict_schema() {
    let (bird, requests) =
        asked::<Bird>([Act::Say(&[r#"{"name":"Robin","grams":18,"#, r#""gait":"hops","food":[{"what":"worms"}]}"#])])
            .await;
    assert_eq!(bird.unwrap(), robin());
    assert_eq!(requests.len(), 1);
    let expected = json!([
        { "role": "system", "content": "You know birds." },
        { "role": "user", "content": "Which bird?" },
    ]);
    assert_eq!(requests[0]["messages"], expected);
    let food = json!({
        "description": "Something to eat.",
        "type": "object",
        "properties": { "what": { "description": "What it is.", "type": "string" } },
        "required": ["what"],
        "additionalProperties": false,
    });
    let schema = json!({
        "description": "What a bird is like.",
        "type": "object",
        "properties": {
            "name": { "description": "Its name.", "type": "string" },
            "grams": { "description": "How heavy it is, in grams.", "type": "integer", "minimum": 1 },
            "gait": { "description": "How it moves.", "type": ["string", "null"], "enum": ["hops", "walks", null] },
            "food": { "description": "What it eats.", "type": "array", "items": food },
        },
        "required": ["name", "grams", "gait", "food"],
        "additionalProperties": false,
    });
    let form = json!({ "type": "json_schema", "json_schema": { "name": "Bird", "strict": true, "schema": schema } });
    assert_eq!(requests[0]["response_format"], form);
}

#[tokio::test]
async fn thoughts_and_fences_around_an_answer_are_passed_over() {
    const FENCED: &str = "Here it is:\n```json\n{\"name\":\"Wren\",\"grams\":9,\"gait\":null,\"food\":[]}\n```";
    const THOUGHT: &str = "<think>{maybe a wren}</think>{\"name\":\"Wren\",\"grams\":9}";
    for said in [&[FENCED], &[THOUGHT]] {
        let (bird, requests) = asked::<Bird>([Act::Say(said)]).await;
        assert_eq!((bird.unwrap().name.as_str(), requests.len()), ("Wren", 1));
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_sent_back_once_with_every_fault() {
    const WRONG: &str = r#"{"name":"","grams":"18","gait":"swims"}"#;
    let (bird, requests) = asked::<Bird>([Act::Say(&[WRONG]), Act::Say(&[ROBIN])]).await;
    assert_eq!(bird.unwrap(), robin());
    let messages = requests[1]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 4);
    assert_eq!(messages[2], json!({ "role": "assistant", "content": WRONG }));
    assert_eq!(messages[3]["role"], "user");
    let faults = messages[3]["content"].as_str().unwrap();
    for place in ["/name: ", "/grams: ", "/gait: "] {
        assert!(faults.contains(place), "{place}: {faults}");
    }
    assert_eq!(requests[1]["response_format"], requests[0]["response_format"]);
}

#[tokio::test]
async fn an_answer_that_fits_neither_time_is_none() {
    for (said, fault) in [("I like robins.", "It is no JSON"), (r#"{"name":"Robin"}"#, "\"grams\" is a required")] {
        let (bird, requests) = asked::<Bird>([Act::Text(said.into())]).await;
        let error = bird.unwrap_err();
        assert!(matches!(error, Error::Unavailable(_)));
        assert!(error.to_string().contains(fault), "{error}");
        assert_eq!(requests.len(), 2, "it is asked twice, not more");
    }
}

#[tokio::test]
async fn a_server_without_schemas_gets_the_schema_in_the_prompt() {
    let (bird, requests) = asked::<Bird>([Act::Fail(400), Act::Say(&["{}"]), Act::Fail(422), Act::Say(&[ROBIN])]).await;
    assert_eq!(bird.unwrap(), robin());
    assert_eq!(requests.len(), 4);
    for request in [&requests[1], &requests[3]] {
        assert_eq!(request.get("response_format"), None);
        let system = request["messages"][0]["content"].as_str().unwrap();
        assert!(system.starts_with("You know birds.\n\n"), "{system}");
        assert!(system.contains(r#""maxLength":20"#), "the whole schema is in the prompt: {system}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_time_is_given_it() {
    let (bird, requests) = asked::<Bird>([Act::Later(1), Act::Say(&[ROBIN])]).await;
    assert_eq!(bird.unwrap(), robin());
    assert_eq!(requests.len(), 2);
}

#[tokio::test]
async fn whatever_goes_wrong_is_said_to_be_unavailable() {
    let cases = [
        (vec![Act::Later(3600)], "in time"),
        (vec![Act::Fail(429)], "429"),
        (vec![Act::Fail(401)], "401"),
        (vec![Act::Fail(400), Act::Fail(400)], "400"),
        (vec![Act::Fail(500)], "500"),
        (vec![Act::Stall("{\"name\":")], "in time"),
        (vec![Act::BreakOff(ROBIN)], "language model"),
        (vec![Act::CutOff(ROBIN)], "cut off"),
        (vec![Act::Decline("No birds today.")], "declines: No birds today."),
    ];
    for (acts, reason) in cases {
        let error = asked::<Bird>(acts).await.0.unwrap_err();
        assert!(matches!(error, Error::Unavailable(_)), "{error}");
        assert!(error.to_string().contains(reason), "{reason}: {error}");
    }
}
