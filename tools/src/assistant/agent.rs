//! The chat agent: retrieves first, then answers. It answers from the user's data, cites its sources, and changes
//! nothing that the user did not ask for. Its functions are the tools that the caller may use, called through
//! [`crate::Tool::call`].

mod consent;
mod draft;
mod event_sink;
mod files;
mod functions;
mod llm_loop;
mod markdown_filter;
mod pending_actions;
mod prompt;
mod question;
mod results;
mod sources;
mod subject;

use std::sync::{Arc, LazyLock};

use chrono_tz::Tz;
use futures::{Stream, stream};
use language::dates::Locale;
use resources::{LanguageModel, messages::session_id};
use schemas::chat::{Citation, Message, PageContext, ResponseMessage, SendMessage, Sender};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    Arguments, Context, Error, Result, Surface,
    assistant::{
        quote_answer::quote_answer,
        retrieval::{Passage, retrieve},
    },
    calendar, chat,
};
use consent::Consent;
use draft::Draft;
use event_sink::EventSink;
use files::Files;
use functions::ToolAccess;
use llm_loop::LlmLoop;
use question::Question;

/// How many earlier messages are loaded.
const MAX_EARLIER_MESSAGES: u32 = 12;

/// The end of an answer that is made without a language model.
const SEARCH_ONLY_NOTICE: &str = "\n\nNo language model is configured, so this answer quotes search results.";

/// From how many conversations an answer without a language model quotes.
const MAX_QUOTED_CONVERSATIONS: usize = 5;

/// How many frames are buffered for a slow client.
const FRAME_BUFFER: usize = 64;

/// A part of a streamed answer, in the order in which clients receive them.
#[derive(Debug, Clone)]
pub enum Frame {
    /// The stored question, where it was spoken; the first frame.
    Question(Box<Message>),
    /// Progress, in a few words.
    Think(String),
    /// The next piece of the answer.
    Data(String),
    /// The stored answer; the last frame.
    Done(Box<ResponseMessage>),
}

/// The arguments of a chat message, whose validator is compiled once.
static ARGUMENTS: LazyLock<Arguments> =
    LazyLock::new(|| Arguments::of(|generator| generator.subschema_for::<SendMessage>()));

/// Validates the arguments of a chat message.
///
/// # Errors
/// The arguments are invalid.
pub fn parse_message(given: Map<String, Value>) -> Result<SendMessage> {
    serde_json::from_value(ARGUMENTS.read(given, Tz::UTC)?).map_err(|error| Error::Internal(error.into()))
}

/// Stores a question and answers it. Returns the stored question, and the frames of the answer. The question is stored
/// before this returns, the answer before the last frame. When `disconnected` is cancelled or the stream is dropped,
/// the model is stopped, and the partial answer is stored.
///
/// # Errors
/// One of the files does not exist, or the question could not be stored.
pub async fn ask(
    context: Context,
    app_id: Option<String>,
    question: SendMessage,
    disconnected: CancellationToken,
) -> Result<(Message, impl Stream<Item = Frame>)> {
    embed_early(&context, &question.text);
    let files = files::attach(&context, app_id.as_deref(), &question.file_ids).await?;
    let asked = Message {
        app_id: app_id.clone(),
        plugin_id: app_id,
        files_id: files.iter().map(|file| file.id.clone()).collect(),
        files,
        ..message(Sender::Human, question.text)
    };
    let asked = chat::messages(&context).save(&asked).await?;
    let (frames, mut waiting) = mpsc::channel(FRAME_BUFFER);
    let context = context.through(Surface::Agent);
    let answering = answer(context.clone(), asked.clone(), question.context, EventSink::new(frames, disconnected));
    context.resources.tasks.spawn(answering);
    Ok((asked, stream::poll_fn(move |waker| waiting.poll_recv(waker))))
}

/// Embeds a question while it is being stored, so that retrieval finds the vector in the cache. A follow-up is embedded
/// with the question before it, later.
fn embed_early(context: &Context, text: &str) {
    if !question::is_follow_up(text, Locale::detect(text, None)) {
        let (resources, text) = (Arc::clone(&context.resources), text.to_owned());
        tokio::spawn(async move { resources.index.embedder.encode_query(&text).await.map(drop) });
    }
}

/// Answers a stored question in its session, and stores the answer.
async fn answer(context: Context, asked: Message, page: Option<PageContext>, events: EventSink) {
    let resources = Arc::clone(&context.resources);
    events.send(Frame::Think("Searching memories".into())).await;
    let session = session_id(&context.caller.user, asked.app_id.as_deref());
    let _lock = resources.tasks.lock_chat(&session).await;
    let mut draft = Draft::default();
    let composing = compose_answer(&context, &asked, page, &mut draft, &events);
    let completion = events.run(&resources, composing).await;
    draft.finish(completion, &events).await;
    if draft.is_empty() {
        return;
    }
    let message = draft.into_message(&asked);
    let message = chat::messages(&context).save(&message).await.unwrap_or_else(|error| {
        tracing::error!("an answer could not be stored: {error}");
        message
    });
    events.send(Frame::Done(Box::new(ResponseMessage { message, ask_for_nps: false }))).await;
}

async fn compose_answer(
    context: &Context,
    asked: &Message,
    page: Option<PageContext>,
    draft: &mut Draft,
    events: &EventSink,
) -> Result<()> {
    let messages = chat::messages(context);
    let recent = async { Ok(messages.recent(asked.app_id.as_deref(), MAX_EARLIER_MESSAGES).await?) };
    let (earlier, zone) = tokio::try_join!(recent, calendar::user_time_zone(context))?;
    // A question that was asked meanwhile is answered separately.
    let is_before = |message: &Message| message.sender == Sender::Ai || message.created_at < asked.created_at;
    let earlier: Vec<Message> = earlier.into_iter().filter(is_before).collect();
    let notes = pending_actions::resolve(context, &asked.text, &earlier, draft, events).await;
    let files = Files::of(&asked.files_id, &earlier);
    let request = Request { text: &asked.text, earlier: &earlier, page, files, zone, notes, access: ToolAccess::All };
    respond(context, request, draft, events, MAX_QUOTED_CONVERSATIONS).await
}

/// Answers a question outside of any chat session, without changing or storing anything. Returns the answer without
/// markers, and its citations.
///
/// # Errors
/// The database or the index is unavailable.
pub(crate) async fn answer_once(
    context: &Context,
    text: &str,
    zone: Tz,
    limit: usize,
) -> Result<(String, Vec<Citation>)> {
    let context = context.through(Surface::Agent);
    let (mut draft, events) = (Draft::default(), EventSink::none());
    let (notes, files, access) = (Vec::new(), Files::default(), ToolAccess::ReadOnly);
    let request = Request { text, earlier: &[], page: None, files, zone, notes, access };
    let responding = respond(&context, request, &mut draft, &events, limit);
    let completion = events.run(&context.resources, responding).await;
    draft.finish(completion, &events).await;
    let resolved = draft.resolve(text);
    Ok((resolved.text, resolved.citations))
}

/// A question with its context.
struct Request<'a> {
    text: &'a str,
    /// The messages before the question, oldest first.
    earlier: &'a [Message],
    page: Option<PageContext>,
    files: Files,
    zone: Tz,
    /// Notes for the model.
    notes: Vec<String>,
    access: ToolAccess,
}

/// Retrieves passages, and lets the model answer; without a model, quotes them.
async fn respond(
    context: &Context,
    request: Request<'_>,
    draft: &mut Draft,
    events: &EventSink,
    limit: usize,
) -> Result<()> {
    let now = resources::now().with_timezone(&request.zone);
    let (_, language) = calendar::user_time_zone_and_language(context).await?;
    let question = Question::read(request.text, request.earlier, request.page.clone(), now, language.as_deref());
    let query = question.retrieval_query();
    let (passages, files) = tokio::try_join!(retrieve(context, &query), request.files.retrieve(context, &question))?;
    let passages: Vec<Passage> = files.into_iter().chain(passages).collect();
    let Some(model) = context.resources.llm.clone() else {
        // A message that only confirms a proposal needs no answer.
        if request.notes.is_empty() {
            answer_with_quotes(context, &question, &passages, draft, events, limit).await?;
            draft.append(SEARCH_ONLY_NOTICE.into(), events).await;
        } else {
            draft.append("Very well.".into(), events).await;
        }
        return Ok(());
    };
    match answer_with_llm(context, model, &request, &question, &passages, draft, events).await {
        Err(error) if draft.text.is_empty() => {
            draft.set_failed();
            draft.append(format!("Sorry: {error}.\n\n"), events).await;
            answer_with_quotes(context, &question, &passages, draft, events, limit).await
        }
        Err(error) => {
            draft.set_failed();
            draft.append(format!(" … Sorry: {error}."), events).await;
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

async fn answer_with_llm(
    context: &Context,
    model: LanguageModel,
    request: &Request<'_>,
    question: &Question,
    passages: &[Passage],
    draft: &mut Draft,
    events: &EventSink,
) -> Result<(), resources::Error> {
    let prompt =
        prompt::PromptContext { asked: request.text, earlier: request.earlier, passages, notes: &request.notes };
    let turns = prompt.turns(question, &mut draft.sources, model.context_tokens());
    let consent = Consent::read(request.text, request.earlier);
    LlmLoop { context, model, access: request.access, consent, turns, events }.run(draft).await
}

/// The answer without a model: the best passages, quoted, dated and cited.
async fn answer_with_quotes(
    context: &Context,
    question: &Question,
    passages: &[Passage],
    draft: &mut Draft,
    events: &EventSink,
    limit: usize,
) -> Result<()> {
    let answer = quote_answer(context, (&question.query, question.locale), &question.now, passages, limit).await?;
    draft.set_citations(answer.citations);
    draft.append(answer.text, events).await;
    Ok(())
}

fn message(sender: Sender, text: String) -> Message {
    Message::new(resources::new_id(), resources::now(), sender, text)
}
