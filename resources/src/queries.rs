//! Which parts each noun's queries need.

use crate::{
    Resources,
    action_items::ActionItems,
    audit::Audit,
    chat_files::ChatFiles,
    conversations::{self, Conversations},
    daily_summaries::DailySummaries,
    folders::Folders,
    goals::Goals,
    grants::{BrowserSessions, Clients, Grants},
    jobs::Jobs,
    keys::Keys,
    memories::Memories,
    messages::Messages,
    people::People,
    preferences::UserPreferences,
    share_links::ShareLinks,
    transcripts::Transcripts,
    users::Users,
    webhooks::Webhooks,
};

/// Queries of one user's rows.
impl Resources {
    /// The action items of `user`.
    pub fn action_items<'a>(&'a self, user: &'a str) -> ActionItems<'a> {
        ActionItems::new(&self.database, &self.index, user)
    }

    /// The audit log of `user`.
    pub fn audit<'a>(&'a self, user: &'a str) -> Audit<'a> {
        Audit::new(&self.database, &self.audit_writer, user)
    }

    /// The chat files of `user`.
    pub fn chat_files<'a>(&'a self, user: &'a str) -> ChatFiles<'a> {
        ChatFiles::new(&self.database, &self.index, user)
    }

    /// The conversations of `user`.
    pub fn conversations<'a>(&'a self, user: &'a str) -> Conversations<'a> {
        Conversations::new(&self.database, &self.index, &self.job_queue, user)
    }

    /// The id of the conversation that `user` has recorded under a name of the client's: the same each time, and nobody can
    /// compute it who does not have this server's secret.
    pub fn conversation_id_of_session(&self, user: &str, session: &str) -> String {
        conversations::id_of_session(&self.conversation_id_secret, user, session)
    }

    /// The daily summaries of `user`.
    pub fn daily_summaries<'a>(&'a self, user: &'a str) -> DailySummaries<'a> {
        DailySummaries::new(&self.database, user)
    }

    /// The folders of `user`.
    pub fn folders<'a>(&'a self, user: &'a str) -> Folders<'a> {
        Folders::new(&self.database, user)
    }

    /// The goals of `user`.
    pub fn goals<'a>(&'a self, user: &'a str) -> Goals<'a> {
        Goals::new(&self.database, user)
    }

    /// The processing jobs of `user`.
    pub fn jobs<'a>(&'a self, user: &'a str) -> Jobs<'a> {
        Jobs::new(&self.database, &self.job_queue, user)
    }

    /// The memories of `user`.
    pub fn memories<'a>(&'a self, user: &'a str) -> Memories<'a> {
        Memories::new(&self.database, &self.index, user)
    }

    /// The chat messages of `user`.
    pub fn messages<'a>(&'a self, user: &'a str) -> Messages<'a> {
        Messages::new(&self.database, user)
    }

    /// The people of `user`.
    pub fn people<'a>(&'a self, user: &'a str) -> People<'a> {
        People::new(&self.database, &self.index, user)
    }

    /// The preferences of `user`.
    pub fn preferences<'a>(&'a self, user: &'a str) -> UserPreferences<'a> {
        UserPreferences::new(&self.database, user)
    }

    /// The share links of `user`.
    pub fn share_links<'a>(&'a self, user: &'a str) -> ShareLinks<'a> {
        ShareLinks::new(&self.database, user)
    }

    /// The transcripts of `user`.
    pub fn transcripts<'a>(&'a self, user: &'a str) -> Transcripts<'a> {
        Transcripts::new(&self.index, user)
    }

    /// The webhooks of `user`.
    pub fn webhooks<'a>(&'a self, user: &'a str) -> Webhooks<'a> {
        Webhooks::new(&self.database, &self.delivery_queue, user)
    }
}

/// Queries of accounts and credentials.
impl Resources {
    /// The users.
    pub fn users(&self) -> Users<'_> {
        Users(self)
    }

    /// The API keys of all users.
    pub fn keys(&self) -> Keys<'_> {
        Keys(self)
    }

    /// The OAuth grants of all users.
    pub fn grants(&self) -> Grants<'_> {
        Grants(self)
    }

    /// The OAuth clients.
    pub fn clients(&self) -> Clients<'_> {
        Clients(self)
    }

    /// The browser sessions of all users.
    pub fn browser_sessions(&self) -> BrowserSessions<'_> {
        BrowserSessions(self)
    }
}
