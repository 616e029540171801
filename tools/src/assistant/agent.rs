//! The chat agent: looks first, then talks. It answers from what the user has, says where it has it from, and changes
//! nothing that the user did not ask for. Its functions are the tools that the caller may use, called as every face does.

mod consent;
mod draft;
mod event_sink;
mod files;
mod functions;
mod llm_loop;
mod pending_actions;
mod prompt;
mod question;
mod results;
mod sources;
mod tokens;

use std::sync::Arc;

use chrono_tz::Tz;
use futures::{Stream, stream};
use resources::{LanguageModel, messages::session_id};
use schemas::chat::{Citation, Message, PageContext, ResponseMessage, SendMessage, Sender};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    Arguments, Context, Error, Face, Result,
    assistant::quote_answer::extract,
    assistant::retrieval::{Passage, recall},
};
use consent::Consent;
use draft::Draft;
use event_sink::Listener;
use files::Files;
use functions::Offer;
use llm_loop::Talk;
use question::Question;

/// How many earlier messages are looked at.
const EARLIER: u32 = 12;

/// What an answer without a model ends with.
const BY_SEARCH: &str = "\n\nNo language model is configured, so this comes by search alone.";

/// From how many conversations an answer without a model quotes.
const QUOTED: usize = 5;

/// How many frames may wait for a client that reads slowly.
const WAITING: usize = 64;

/// A part of an answer, in the order that clients get them.
#[derive(Debug, Clone)]
pub enum Frame {
    /// The question as it was stored, where it was spoken; the first frame.
    Question(Box<Message>),
    /// What the server is doing, in a few words.
    Think(String),
    /// The next piece of the answer.
    Data(String),
    /// The answer as it was stored; the last frame.
    Done(Box<ResponseMessage>),
}

/// The arguments of a question.
pub fn question() -> Arguments {
    Arguments::of(|generator| generator.subschema_for::<SendMessage>())
}

/// Checks the arguments of a question.
///
/// # Errors
/// They are wrong.
pub fn read(given: Map<String, Value>) -> Result<SendMessage> {
    serde_json::from_value(question().read(given)?).map_err(|error| Error::Internal(error.into()))
}

/// Stores a question and answers it; gives the question as it was stored, and the answer. The question is stored before
/// this returns, the answer before the last frame. When `leaving` is cancelled or the stream dropped, nobody waits for
/// the answer any more: the model is stopped, and what there is of the answer is kept.
///
/// # Errors
/// One of its files is not there, or the question could not be stored.
pub async fn ask(
    context: Context,
    app_id: Option<String>,
    question: SendMessage,
    leaving: CancellationToken,
) -> Result<(Message, impl Stream<Item = Frame>)> {
    understand_early(&context, &question.text);
    let files = files::attach(&context, app_id.as_deref(), &question.file_ids).await?;
    let asked = Message {
        app_id: app_id.clone(),
        plugin_id: app_id,
        files_id: files.iter().map(|file| file.id.clone()).collect(),
        files,
        ..message(Sender::Human, question.text)
    };
    let asked = context.messages().save(&asked).await?;
    let (frames, mut waiting) = mpsc::channel(WAITING);
    let context = context.through(Face::Agent);
    let answering = answer(context.clone(), asked.clone(), question.context, Listener::new(frames, leaving));
    context.resources.sessions.spawn(answering);
    Ok((asked, stream::poll_fn(move |waker| waiting.poll_recv(waker))))
}

/// Lets the embedding model read a question that stands by itself while it is stored: whoever looks for it finds it read.
fn understand_early(context: &Context, text: &str) {
    if !question::leans(text) {
        let (resources, text) = (Arc::clone(&context.resources), text.to_owned());
        tokio::spawn(async move { resources.embedder.read_query(&text).await.map(drop) });
    }
}

/// Answers a stored question in its session, and stores the answer.
async fn answer(context: Context, asked: Message, page: Option<PageContext>, listener: Listener) {
    let resources = Arc::clone(&context.resources);
    listener.tell(Frame::Think("Searching memories".into())).await;
    let session = session_id(&context.caller.user, asked.app_id.as_deref());
    let _turn = resources.sessions.turn(&session).await;
    let mut draft = Draft::default();
    let answering = answer_within(&context, &asked, page, &mut draft, &listener);
    let ended = listener.attend(&resources, answering).await;
    draft.end(ended, &listener).await;
    if draft.is_nothing() {
        return;
    }
    let message = draft.into_message(&asked);
    let message = context.messages().save(&message).await.unwrap_or_else(|error| {
        tracing::error!("an answer could not be stored: {error}");
        message
    });
    listener.tell(Frame::Done(Box::new(ResponseMessage { message, ask_for_nps: false }))).await;
}

async fn answer_within(
    context: &Context,
    asked: &Message,
    page: Option<PageContext>,
    draft: &mut Draft,
    listener: &Listener,
) -> Result<()> {
    let messages = context.messages();
    let recent = async { Ok(messages.recent(asked.app_id.as_deref(), EARLIER).await?) };
    let (earlier, zone) = tokio::try_join!(recent, context.time_zone())?;
    // A question that was asked meanwhile waits for its own answer.
    let is_before = |message: &Message| message.sender == Sender::Ai || message.created_at < asked.created_at;
    let earlier: Vec<Message> = earlier.into_iter().filter(is_before).collect();
    let notes = pending_actions::settle(context, &asked.text, &earlier, draft, listener).await;
    let files = Files::of(&asked.files_id, &earlier);
    let inquiry = Inquiry { text: &asked.text, earlier: &earlier, page, files, zone, notes, offer: Offer::Everything };
    inquire(context, inquiry, draft, listener, QUOTED).await
}

/// Answers a question outside of any session: nothing is changed, and nothing kept. Gives the answer without markers, and
/// what it rests on.
///
/// # Errors
/// The database or the index is away.
pub(crate) async fn consult(context: &Context, text: &str, zone: Tz, limit: usize) -> Result<(String, Vec<Citation>)> {
    let context = context.through(Face::Agent);
    let (mut draft, listener) = (Draft::default(), Listener::nobody());
    let (notes, files, offer) = (Vec::new(), Files::default(), Offer::Reading);
    let inquiry = Inquiry { text, earlier: &[], page: None, files, zone, notes, offer };
    let inquiring = inquire(&context, inquiry, &mut draft, &listener, limit);
    let ended = listener.attend(&context.resources, inquiring).await;
    draft.end(ended, &listener).await;
    let resolved = draft.resolve(text);
    Ok((resolved.text, resolved.citations))
}

/// What is asked, and what the answer may take into account.
struct Inquiry<'a> {
    text: &'a str,
    /// The messages before, oldest first.
    earlier: &'a [Message],
    page: Option<PageContext>,
    files: Files,
    zone: Tz,
    /// What the model is to know besides.
    notes: Vec<String>,
    offer: Offer,
}

/// Looks for what bears on the question, and lets the model answer or, without one, quotes it.
async fn inquire(
    context: &Context,
    inquiry: Inquiry<'_>,
    draft: &mut Draft,
    listener: &Listener,
    limit: usize,
) -> Result<()> {
    let now = resources::now().with_timezone(&inquiry.zone);
    let question = Question::read(inquiry.text, inquiry.earlier, inquiry.page.clone(), now);
    let wanted = question.wanted();
    let (passages, files) = tokio::try_join!(recall(context, &wanted), inquiry.files.recall(context, &question))?;
    let passages: Vec<Passage> = files.into_iter().chain(passages).collect();
    let Some(model) = context.resources.llm.clone() else {
        // A message that does nothing but agree asks for nothing else.
        if inquiry.notes.is_empty() {
            quote(context, &question, &passages, draft, listener, limit).await?;
            draft.say(BY_SEARCH.into(), listener).await;
        } else {
            draft.say("Very well.".into(), listener).await;
        }
        return Ok(());
    };
    match converse(context, model, &inquiry, &question, &passages, draft, listener).await {
        Err(error) if draft.text.is_empty() => {
            draft.fail();
            draft.say(format!("Sorry: {error}.\n\n"), listener).await;
            quote(context, &question, &passages, draft, listener, limit).await
        }
        Err(error) => {
            draft.fail();
            draft.say(format!(" … Sorry: {error}."), listener).await;
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

async fn converse(
    context: &Context,
    model: LanguageModel,
    inquiry: &Inquiry<'_>,
    question: &Question,
    passages: &[Passage],
    draft: &mut Draft,
    listener: &Listener,
) -> Result<(), resources::Error> {
    let told = prompt::Told { asked: inquiry.text, earlier: inquiry.earlier, passages, notes: &inquiry.notes };
    let turns = told.turns(question, &mut draft.sources, model.context_tokens());
    let consent = Consent::read(inquiry.text, inquiry.earlier);
    Talk { context, model, offer: inquiry.offer, consent, turns, listener }.run(draft).await
}

/// The answer without a model: what fits best, quoted, dated and cited.
async fn quote(
    context: &Context,
    question: &Question,
    passages: &[Passage],
    draft: &mut Draft,
    listener: &Listener,
    limit: usize,
) -> Result<()> {
    let answer = extract(context, &question.query, &question.now, passages, limit).await?;
    draft.rest_on(answer.citations);
    draft.say(answer.text, listener).await;
    Ok(())
}

fn message(sender: Sender, text: String) -> Message {
    Message::new(resources::new_id(), resources::now(), sender, text)
}
