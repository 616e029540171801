//! People: whom the user talks with.

use resources::people::{Deleted, People as Stored, Renamed};
use schemas::{
    memory::Done,
    person::*,
    scope::Scope::{PeopleCreate, PeopleRead},
};
use serde_json::json;

use crate::{
    Context, Error, Hints, Result, Tool,
    limits::Policy,
    route::{delete, get, patch, post},
};

/// The fields of a person that keys see.
const MCP: &[&str] = &["id", "name", "created_at", "speech_sample_transcripts"];

/// How long a name may be, in characters, without the spaces around it.
const NAME: std::ops::RangeInclusive<usize> = 2..=40;

pub(crate) fn tools() -> Vec<Tool> {
    let ok = || json!({ "status": "ok" });
    vec![
        tool!(get_people)
            .scope(PeopleRead)
            .chat("Looking up people")
            .app(get("/v1/users/people").field("people"))
            .mcp(get("/v1/mcp/people").limit(Policy::McpRead).field("people").only(MCP)),
        tool!(get_person)
            .scope(PeopleRead)
            .app(get("/v1/users/people/{person_id}").field("person"))
            .mcp(get("/v1/mcp/people/{person_id}").limit(Policy::McpRead).ours().field("person").only(MCP)),
        tool!(create_person)
            .scope(PeopleCreate)
            .app(post("/v1/users/people").field("person"))
            .mcp(post("/v1/mcp/people").limit(Policy::McpRead).ours().only_in("person", &["id", "name"]))
            .hints(Hints { read_only: false, destructive: false, idempotent: true }),
        tool!(rename_person)
            .scope(PeopleCreate)
            .app(patch("/v1/users/people/{person_id}/name").query().rename("value", "name").constant(ok()))
            .mcp(patch("/v1/mcp/people/{person_id}/name").limit(Policy::McpRead).ours().constant(ok())),
        // Keys name people, but do not take them away.
        tool!(delete_person).app(delete("/v1/users/people/{person_id}").empty()),
        tool!(delete_speech_sample)
            .app(delete("/v1/users/people/{person_id}/speech-samples/{sample_index}").constant(ok()))
            .hints(Hints { read_only: false, destructive: true, idempotent: false }),
    ]
}

impl Context {
    /// The people whom the caller talks with.
    pub fn people(&self) -> Stored<'_> {
        self.resources.people(&self.caller.user)
    }
}

async fn get_people(context: Context, _: GetPeople) -> Result<People> {
    Ok(People { people: context.people().list().await? })
}

async fn get_person(context: Context, input: GetPerson) -> Result<OnePerson> {
    let person = context.people().get(&input.person_id).await?.ok_or_else(not_found)?;
    Ok(OnePerson { person })
}

async fn create_person(context: Context, input: CreatePerson) -> Result<CreatedPerson> {
    let (person, created) = context.people().find_or_create(named(&input.name)?).await?;
    Ok(CreatedPerson { success: true, created, person })
}

async fn rename_person(context: Context, input: RenamePerson) -> Result<Done> {
    match context.people().rename(&input.person_id, named(&input.name)?).await? {
        Renamed::Done(_) => Ok(Done::DONE),
        Renamed::Taken => Err(Error::Conflict("Another person has this name".into())),
        Renamed::NotThere => Err(not_found()),
    }
}

async fn delete_person(context: Context, input: DeletePerson) -> Result<Done> {
    if context.people().delete(&input.person_id).await? { Ok(Done::DONE) } else { Err(not_found()) }
}

async fn delete_speech_sample(context: Context, input: DeleteSpeechSample) -> Result<Done> {
    match context.people().delete_sample(&input.person_id, input.sample_index).await? {
        Deleted::Done => Ok(Done::DONE),
        Deleted::NoSample => Err(Error::NotFound("Sample not found".into())),
        Deleted::NoPerson => Err(not_found()),
    }
}

/// The name without the spaces around it, if what is left can be one.
fn named(name: &str) -> Result<&str> {
    let name = name.trim();
    if NAME.contains(&name.chars().count()) {
        return Ok(name);
    }
    let sentence = format!("name must have {} to {} characters", NAME.start(), NAME.end());
    Err(Error::Invalid(sentence))
}

fn not_found() -> Error {
    Error::NotFound("Person not found".into())
}
