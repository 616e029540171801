//! People: the user's conversation partners.

use resources::people::{Deleted, People as Stored, Renamed};
use schemas::{
    memory::Done,
    person::*,
    scope::Scope::{PeopleCreate, PeopleRead},
};

use crate::{
    Access, Context, Error, Hints, Result, Tool,
    tool::{
        Noun,
        binding::{delete, patch, post},
    },
    toolsets::Toolset,
};

/// The user's conversation partners.
pub(crate) const PEOPLE: Noun = Noun {
    reader: Some("get_person"),
    scopes: Some((PeopleRead, PeopleCreate)),
    for_keys: fields!(Person { id, name, created_at, speech_sample_transcripts }),
    ..Noun::new("person", "people", "person_id", Toolset::People)
};

/// The length of a trimmed name, in characters.
const NAME: std::ops::RangeInclusive<usize> = 2..=40;

pub(crate) fn tools() -> Vec<Tool> {
    PEOPLE.tools([
        read!(get_people).chat("Looking up people").app("/v1/users/people").mcp("/v1/mcp/people"),
        read!(get_person).app("/v1/users/people/{person_id}").mcp("/v1/mcp/people/{person_id}"),
        create!(create_person)
            .hints(Hints::IDEMPOTENT)
            .app("/v1/users/people")
            .mcp(post("/v1/mcp/people").whole().only(fields!(Person { id, name }))),
        update!(rename_person)
            .app(patch("/v1/users/people/{person_id}/name").query().rename("name", "value"))
            .mcp("/v1/mcp/people/{person_id}/name"),
        // Keys may create people, but not delete them.
        delete!(delete_person).access(Access::User).app(delete("/v1/users/people/{person_id}").empty()),
        delete!(delete_speech_sample)
            .access(Access::User)
            .hints(Hints::DESTRUCTIVE)
            .app("/v1/users/people/{person_id}/speech-samples/{sample_index}"),
    ])
}

impl Context {
    /// The caller's people.
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

/// The trimmed name, which must have a valid length.
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
