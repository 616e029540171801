//! The chat agent with a scripted model: functions, citations, and failures.

use serde_json::{Value, json};

use super::support::{call, prompt_with_memory, tool_result};
use crate::{
    chat::support::ask,
    support::{model::Act, scripted::ServerWithModel},
};

#[tokio::test]
async fn the_model_searches_and_its_citations_resolve() {
    let setup = ServerWithModel::shared().await;
    let (user, [bees, oboe]) = setup.user(["Ana keeps bees in Graz", "Ben plays the oboe in Linz"]).await;
    let question = "What does Ben play?";
    let search = call("search_memories", json!({ "query": "oboe", "limit": 1 }));
    setup.model.script(question, [search, Act::Say(&["Ben plays", " the oboe [1]", ",\nso I hear [1] [7]."])]);
    let answered = ask(&user, json!({ "text": question })).await;
    assert_eq!(answered.thoughts, ["Searching memories", "Searching memories"]);
    assert_eq!(answered.done["status"], "completed");
    assert_eq!(answered.text, "Ben plays the oboe [1],\nso I hear [1] [7].", "deltas keep their markers");
    assert_eq!(answered.done["text"], "Ben plays the oboe,\nso I hear.");
    let requests = setup.model.requests(question);
    assert_eq!(requests.len(), 2);
    let found = &tool_result(&requests[1])["memories"][0];
    assert_eq!(found["id"], json!(oboe));
    let prompt = prompt_with_memory(&requests[0]);
    let first = if prompt.contains("[1] Ben plays the oboe in Linz") { &oboe } else { &bees };
    let number = if first == &oboe { "[1]" } else { "[2]" };
    assert_eq!(found["cite_as"], number, "a memory keeps its number: {prompt}");
    let citations = answered.done["citations"].as_array().unwrap();
    assert_eq!(citations.len(), 1, "each source once, and none that is not there");
    assert_eq!(citations[0]["id"], json!(first));
    let path = format!("/v3/memories/{first}");
    assert_eq!(user.app().get(&path).await.ok()["content"], citations[0]["quote"]);
}

#[tokio::test]
async fn only_chat_tools_are_offered_and_callable() {
    let setup = ServerWithModel::shared().await;
    let (user, [id]) = setup.user(["Ana keeps bees"]).await;
    let question = "Forget everything about Ana";
    let wipe = call("delete_all_memories", json!({}));
    let mint = call("create_key", json!({ "family": "developer", "name": "mine" }));
    setup.model.script(question, [wipe, mint, Act::Say(&["I cannot do that."])]);
    ask(&user, json!({ "text": question })).await;
    let requests = setup.model.requests(question);
    let mut offered: Vec<&str> = requests[0]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["function"]["name"].as_str().unwrap())
        .collect();
    offered.sort_unstable();
    let marked = |tool: &&tools::Tool| tool.chat.is_some();
    let mut expected: Vec<&str> = tools::all().iter().filter(marked).map(|tool| tool.name).collect();
    expected.sort_unstable();
    assert_eq!(offered, expected);
    assert!(offered.contains(&"search_memories") && offered.contains(&"create_action_item"));
    for kept in ["delete_memories", "delete_all_memories", "delete_goal", "create_key", "revoke_key", "ask"] {
        assert!(!offered.contains(&kept), "{kept}");
    }
    for tool in requests[0]["tools"].as_array().unwrap() {
        assert_eq!(tool["function"]["parameters"]["type"], "object", "{tool}");
        assert!(tool["function"]["description"].as_str().is_some_and(|text| !text.is_empty()));
    }
    for (request, name) in [(&requests[1], "delete_all_memories"), (&requests[2], "create_key")] {
        let error = &tool_result(request)["error"];
        assert_eq!(error["code"], "not_found");
        assert_eq!(error["message"], format!("Unknown function {name}"));
    }
    user.app().get(&format!("/v3/memories/{id}")).await.ok();
    assert_eq!(user.app().get("/v1/dev/keys").await.ok().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn errors_of_functions_are_returned_to_the_model() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let question = "Try everything wrong";
    let acts = [
        call("no_such_function", json!({})),
        Act::Call(vec![("search_memories", "{\"query\": \"bees\"".into())]),
        call("search_memories", json!({ "limit": 3 })),
        call("get_conversation_by_id", json!({ "conversation_id": "unknown" })),
        Act::Say(&["I give up."]),
    ];
    setup.model.script(question, acts);
    let answered = ask(&user, json!({ "text": question })).await;
    assert_eq!(answered.done["text"], "I give up.");
    let requests = setup.model.requests(question);
    let errors: Vec<Value> = requests[1..].iter().map(|request| tool_result(request)["error"].clone()).collect();
    let codes: Vec<&Value> = errors.iter().map(|error| &error["code"]).collect();
    assert_eq!(codes, ["not_found", "invalid_arguments", "invalid_arguments", "not_found"]);
    assert!(errors[1]["message"].as_str().unwrap().starts_with("The arguments are not a JSON object"));
    assert_eq!(errors[2]["message"], "query: Field required");
    assert_eq!(errors[3]["message"], "Conversation not found");
}

#[tokio::test]
async fn arguments_of_the_model_that_are_json_text_are_read_by_the_schema() {
    let setup = ServerWithModel::shared().await;
    let (user, [_]) = setup.user(["Ana keeps bees"]).await;
    let question = "Look with texts for numbers";
    let cases = [
        json!({ "query": "bees", "limit": "1", "categories": "[]", "toolCallId": "call_1" }),
        json!({ "query": "bees", "limit": null, "categories": null }),
        json!({ "query": "bees", "limit": "many" }),
    ];
    let calls = cases.map(|arguments| call("search_memories", arguments));
    setup.model.script(question, calls.into_iter().chain([Act::Say(&["Seen."])]).collect::<Vec<_>>());
    ask(&user, json!({ "text": question })).await;
    let requests = setup.model.requests(question);
    for request in &requests[1..3] {
        assert_eq!(tool_result(request)["memories"][0]["content"], "Ana keeps bees");
    }
    let error = tool_result(&requests[3])["error"]["message"].to_string();
    assert!(error.contains("limit: Input should be a valid integer"), "{error}");
}

#[tokio::test]
async fn the_model_reads_a_long_result_in_parts() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let text = |index: usize| format!("{index} {}", "They talked about honey. ".repeat(12));
    let segment = |index: usize| json!({ "text": text(index), "start": index, "end": index + 1 });
    let segments: Vec<Value> = (0..300).map(segment).collect();
    let written = user.app().post("/v1/conversations/from-segments", json!({ "transcript_segments": segments })).await;
    let id = written.ok()["id"].clone();
    let (mut seen, mut position) = (Vec::new(), Value::Null);
    for round in 0..40 {
        let question = format!("Read on, {round} {id}");
        let read = call("get_conversation_by_id", json!({ "conversation_id": id, "continue_from": position }));
        setup.model.script(&question, [read, Act::Say(&["Read."])]);
        ask(&user, json!({ "text": question })).await;
        let requests = setup.model.requests(&question);
        let result = tool_result(&requests[1]);
        assert!(result.to_string().len() < 24_000 && result["omitted"].is_null(), "{} bytes", result.to_string().len());
        let segments = result["conversation"]["transcript_segments"].as_array();
        seen.extend(segments.into_iter().flatten().map(|segment| segment["text"].as_str().unwrap().trim().to_owned()));
        position = result["continue_from"].clone();
        if position.is_null() {
            break;
        }
    }
    let expected: Vec<String> = (0..300).map(|index| text(index).trim().to_owned()).collect();
    assert!(seen == expected, "{} segments", seen.len());
}

#[tokio::test]
async fn writes_of_the_agent_are_reported_with_an_undo() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let question = "Remember that Ana keeps bees";
    let create = call("create_memory", json!({ "content": "Ana keeps bees" }));
    setup.model.script(question, [create, Act::Say(&["Noted [1]."])]);
    let answered = ask(&user, json!({ "text": question })).await;
    let done = "Done: create memory “Ana keeps bees”";
    assert_eq!(answered.thoughts, ["Searching memories", "Saving memory", done]);
    let memories = user.app().get("/v3/memories").await.ok();
    let by = json!({ "face": "agent", "key_id": null, "key_name": null, "conversation_id": null });
    assert_eq!((&memories[0]["content"], &memories[0]["provenance"]), (&json!("Ana keeps bees"), &by));
    assert_eq!(answered.done["citations"][0]["id"], memories[0]["id"]);
    let undo = json!({ "tool": "delete_memory", "arguments": { "memory_id": memories[0]["id"] } });
    let change = json!({ "tool": "create_memory", "summary": "create memory “Ana keeps bees”", "undo": undo });
    assert_eq!(answered.done["changes"], json!([change]));
    assert!(
        answered.text.ends_with(&format!("{done}. Say “undo” to take it back (delete_memory).")),
        "{}",
        answered.text
    );
}

#[tokio::test]
async fn several_functions_at_once() {
    let setup = ServerWithModel::shared().await;
    let (user, [bees]) = setup.user(["Ana keeps bees"]).await;
    let question = "Look twice";
    assert!(!bees.is_empty());
    let get = ("search_memories", json!({ "query": "bees" }).to_string());
    let calls = Act::Call(vec![get, ("get_memories", String::new())]);
    setup.model.script(question, [calls, Act::Say(&["Seen."])]);
    ask(&user, json!({ "text": question })).await;
    let requests = setup.model.requests(question);
    let messages = requests[1]["messages"].as_array().unwrap();
    let [asked, one, two] = messages.last_chunk().unwrap();
    assert_eq!(asked["tool_calls"].as_array().unwrap().len(), 2);
    assert_eq!((&one["tool_call_id"], &two["tool_call_id"]), (&json!("call-0"), &json!("call-1")));
    for result in [one, two] {
        assert!(result["content"].as_str().unwrap().contains("Ana keeps bees"), "{result}");
    }
}

#[tokio::test]
async fn earlier_messages_of_the_same_app_are_sent() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let talk = async |path: &str, question: &str, reply: &'static [&'static str]| {
        setup.model.script(question, [Act::Say(reply)]);
        user.app().post(path, json!({ "text": question })).await.ok();
        let messages = setup.model.requests(question)[0]["messages"].take();
        let said =
            |message: &Value| message["content"].as_str().unwrap().rsplit("</memory>\n\n").next().unwrap().to_owned();
        messages.as_array().unwrap()[1..].iter().map(said).collect::<Vec<_>>()
    };
    assert_eq!(talk("/v2/messages", "Hello?", &["Hello."]).await, ["Hello?"]);
    assert_eq!(talk("/v2/messages?app_id=coach", "Coach?", &["Yes."]).await, ["Coach?"]);
    assert_eq!(talk("/v2/messages", "And now?", &["Now."]).await, ["Hello?", "Hello.", "And now?"]);
}

#[tokio::test]
async fn the_last_round_offers_no_functions() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let question = "Go round and round";
    let calls = (1..=6).map(|limit| call("get_memories", json!({ "limit": limit })));
    setup.model.script(question, calls.chain([Act::Say(&["Enough."])]));
    assert_eq!(ask(&user, json!({ "text": question })).await.text, "Enough.");
    let requests = setup.model.requests(question);
    assert_eq!(requests.len(), 7);
    assert_eq!(requests[6].get("tools"), None, "the last round offers nothing");
}

#[tokio::test]
async fn repeated_calls_end_with_an_answer() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let question = "Say it again and again";
    let again = || call("get_memories", json!({ "limit": 5 }));
    setup.model.script(question, [again(), again(), Act::Say(&["Enough."])]);
    assert_eq!(ask(&user, json!({ "text": question })).await.text, "Enough.");
    let requests = setup.model.requests(question);
    assert_eq!(tool_result(&requests[2])["error"]["code"], "repeated");
    assert_eq!(requests[2].get("tools"), None);
}

#[tokio::test]
async fn a_failed_model_is_replaced_by_quotes() {
    let setup = ServerWithModel::shared().await;
    let (user, _) = setup.user(["Ana keeps bees in Graz"]).await;
    for status in [500, 429, 401] {
        let question = format!("Where are the bees? Fail with {status}");
        setup.model.script(&question, [Act::Fail(status)]);
        let answered = ask(&user, json!({ "text": question })).await;
        assert!(answered.text.starts_with("Sorry: the language model did not answer"), "{status}: {}", answered.text);
        assert!(answered.text.contains("scripted failure"), "{status}: {}", answered.text);
        assert!(answered.text.contains("Ana keeps bees in Graz"), "{status}: {}", answered.text);
        assert_eq!(answered.done["citations"].as_array().unwrap().len(), 1);
        assert_eq!(answered.done["status"], "failed");
    }
}

#[tokio::test]
async fn a_short_retry_after_is_honoured() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let question = "Wait a moment?";
    setup.model.script(question, [Act::Later(1), Act::Say(&["Here I am."])]);
    assert_eq!(ask(&user, json!({ "text": question })).await.text, "Here I am.");
}

#[tokio::test]
async fn an_answer_that_breaks_off_keeps_what_came() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let question = "Break off";
    setup.model.script(question, [Act::BreakOff("The answer begins")]);
    let answered = ask(&user, json!({ "text": question })).await;
    assert_eq!(answered.text, "The answer begins … Sorry: the language model broke off.");
    assert_eq!((&answered.done["text"], &answered.done["status"]), (&json!(answered.text), &json!("failed")));
    let question = "Be cut off";
    setup.model.script(question, [Act::CutOff("A long answer")]);
    let answered = ask(&user, json!({ "text": question })).await;
    assert_eq!(answered.text, "A long answer … Sorry: the language model's answer is too long and was cut off.");
}

#[tokio::test]
async fn a_break_before_the_first_word_is_tried_again() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let question = "Stumble at first";
    setup.model.script(question, [Act::BreakOff(""), Act::Say(&["Steady now."])]);
    let answered = ask(&user, json!({ "text": question })).await;
    assert_eq!((answered.text.as_str(), &answered.done["status"]), ("Steady now.", &json!("completed")));
}

#[tokio::test]
async fn an_empty_answer_is_explained() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let question = "Say nothing";
    setup.model.script(question, [Act::Say(&[])]);
    let answered = ask(&user, json!({ "text": question })).await;
    assert_eq!(answered.text, "The language model gave no answer. Please ask again.");
}
