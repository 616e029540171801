//! API keys: made, listed, revoked, and found again by their secret.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use schemas::{
    key::{CreatedKey, Key, KeyFamily},
    scope::Scope,
};
use sha2::{Digest, Sha256};
use surrealdb::types::{RecordId, SurrealValue};
use tokio_util::sync::CancellationToken;

use crate::{
    Resources, Result,
    database::{Bound, row},
    ttl_cache::Lately,
};

/// How often the last use of a key is written down.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A key that opens a door: what its bearer may do, and for whom.
#[derive(Debug)]
pub struct GrantedKey {
    /// Identifies the key.
    pub id: String,
    /// The user it acts for.
    pub user: String,
    /// What the user called it.
    pub name: String,
    /// Which API it opens.
    pub family: KeyFamily,
    /// What it holds; `None` is its family's default.
    pub scopes: Option<Vec<Scope>>,
    /// The key as it is listed.
    pub listed: Key,
    /// The address that it was given for; `None` for a key proper, which is for all of its family.
    pub resource: Option<String>,
    /// Cancelled when it is revoked in this process, with all tokens of its grant: what it opened for longer than a request
    /// ends then.
    pub ended: CancellationToken,
    noted: AtomicI64,
}

impl GrantedKey {
    /// An access token within a grant, which does what an MCP key does.
    pub(crate) fn of_grant(
        listed: Key,
        user: String,
        scopes: Vec<Scope>,
        resource: String,
        ended: CancellationToken,
    ) -> Self {
        Self {
            id: listed.id.clone(),
            user,
            name: listed.name.clone(),
            family: KeyFamily::Mcp,
            scopes: Some(scopes),
            noted: AtomicI64::new(0),
            listed,
            resource: Some(resource),
            ended,
        }
    }

    /// What the key may do.
    pub fn effective_scopes(&self) -> &[Scope] {
        self.scopes.as_deref().unwrap_or(Scope::granted_by_default(self.family))
    }

    /// Whether its last use was not written down lately; asking counts as writing it down.
    pub fn use_is_unnoted(&self) -> bool {
        let now = Utc::now().timestamp();
        let noted = self.noted.load(Ordering::Relaxed);
        let due = now - noted >= NOTED_EVERY.num_seconds();
        due && self.noted.compare_exchange(noted, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.listed.expires_at.is_some_and(|end| end <= Utc::now())
    }

    /// Whether the key may do this.
    pub fn holds(&self, scope: Scope) -> bool {
        self.effective_scopes().contains(&scope)
    }
}

#[derive(SurrealValue)]
struct KeyRow {
    key_id: String,
    user: String,
    family: String,
    name: String,
    secret: String,
    key_prefix: String,
    scopes: Option<Vec<String>>,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    made_with: Option<String>,
}

/// Keys found lately, by the hash of their secret.
#[derive(Default)]
pub(crate) struct KeyCache(Lately<Arc<GrantedKey>>);

/// The keys of every user; each call names whose.
pub struct Keys<'a>(pub(crate) &'a Resources);

impl Keys<'_> {
    /// Makes a key for `user` that never ends; its secret is in the answer and nowhere else.
    pub async fn create(
        &self,
        user: &str,
        family: KeyFamily,
        name: &str,
        scopes: Option<&[Scope]>,
    ) -> Result<CreatedKey> {
        self.create_until(user, family, name, scopes, None).await
    }

    /// The same, with the time when it ends.
    pub async fn create_until(
        &self,
        user: &str,
        family: KeyFamily,
        name: &str,
        scopes: Option<&[Scope]>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<CreatedKey> {
        let (fields, created) = new_key(user, family, name, scopes, Term::Until(expires_at));
        let row = row(record(&fields.key_id), fields);
        self.0.database.run("INSERT INTO key $row", Bound::new().with("row", row)).await?;
        Ok(created)
    }

    /// Makes an MCP key with every scope in the place of those of the same name, which are revoked: nobody keeps them.
    pub async fn replace(&self, user: &str, name: &str) -> Result<CreatedKey> {
        for old in self.list(user, KeyFamily::Mcp).await?.into_iter().filter(|key| key.name == name) {
            self.revoke(user, KeyFamily::Mcp, &old.id).await?;
        }
        self.create(user, KeyFamily::Mcp, name, None).await
    }

    /// Makes a key of the same family with another one, for the same user; it is revoked together with its maker, and
    /// ends no later. `None` when the maker is there no more.
    pub async fn create_with(
        &self,
        maker: &GrantedKey,
        name: &str,
        scopes: &[Scope],
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<Option<CreatedKey>> {
        let (fields, created) = new_key(&maker.user, maker.family, name, Some(scopes), Term::With(maker, expires_at));
        // The maker is written to as well, so that it cannot be revoked at the same moment and leave this one behind.
        let statements = "BEGIN;
            LET $makers = (UPDATE $maker SET last_used_at = $now);
            IF count($makers) > 0 { INSERT INTO key $row; };
            RETURN count($makers);
            COMMIT;";
        let bound = Bound::new()
            .with("maker", record(&maker.id))
            .with("now", fields.created_at)
            .with("row", row(record(&fields.key_id), fields));
        let makers: Option<i64> = self.0.database.run(statements, bound).await?.take(3)?;
        Ok((makers == Some(1)).then_some(created))
    }

    /// The keys of `user` in one family, newest first.
    pub async fn list(&self, user: &str, family: KeyFamily) -> Result<Vec<Key>> {
        let statement = "SELECT * FROM key WHERE user = $user AND family = $family ORDER BY created_at DESC";
        let bound = Bound::new().with("user", user).with("family", family_name(family));
        let rows: Vec<KeyRow> = self.0.database.run(statement, bound).await?.take(0)?;
        Ok(rows.iter().map(|row| listed(row, family)).collect())
    }

    /// Revokes a key of `user` at once, and the keys that were made with it; an id that is not there changes nothing.
    pub async fn revoke(&self, user: &str, family: KeyFamily, id: &str) -> Result<()> {
        let statement = "DELETE key WHERE user = $user AND family = $family AND (key_id = $id OR made_with = $id)
            RETURN BEFORE";
        let bound = Bound::new().with("id", id).with("user", user).with("family", family_name(family));
        let gone: Vec<KeyRow> = self.0.database.run(statement, bound).await?.take(0)?;
        for row in gone {
            self.0.key_cache.0.forget(&row.secret);
            self.0.endings.end(&row.key_id);
        }
        Ok(())
    }

    /// The key whose raw secret this is, with its family's prefix; one whose time is over is none.
    pub async fn find(&self, raw: &str) -> Result<Option<Arc<GrantedKey>>> {
        let family = KeyFamily::ALL.into_iter().find(|family| raw.starts_with(family.prefix()));
        let Some(family) = family else { return Ok(None) };
        let secret = digest(&raw[family.prefix().len()..]);
        let KeyCache(lately) = &self.0.key_cache;
        if let Some(key) = lately.get(&secret, &self.0.database) {
            return Ok(Some(key).filter(|key| !key.is_over()));
        }
        let before = lately.before();
        let statement = "SELECT * FROM key WHERE secret = $secret AND family = $family";
        let bound = Bound::new().with("secret", secret.clone()).with("family", family_name(family));
        let rows: Vec<KeyRow> = self.0.database.run(statement, bound).await?.take(0)?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        let ended = self.0.endings.of(&row.key_id);
        let key = Arc::new(granted(row, family, ended));
        lately.keep(&secret, Arc::clone(&key), before);
        Ok(Some(key).filter(|key| !key.is_over()))
    }

    /// Writes down that a key was used just now.
    pub async fn note_use(&self, key: &GrantedKey) -> Result<()> {
        let statement = "UPDATE $id SET last_used_at = $now RETURN NONE";
        let bound = Bound::new().with("id", record(&key.id)).with("now", crate::now());
        self.0.database.run(statement, bound).await.map(drop)
    }
}

/// 32 hexadecimal characters that nobody can guess.
pub(crate) fn random_secret() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// For so long after a secret was used that gives the next one, it is answered again: the first answer may not have
/// arrived, and several pages or processes of one client may come at the same moment. They all get the *same* next one, so
/// that there are never two lines of secrets; who comes with an old one later is found out.
pub(crate) const GRACE: TimeDelta = TimeDelta::seconds(10);

/// The secret that follows this one. Nobody makes it without that, which is kept nowhere, and the salt, which is kept here
/// alone.
pub(crate) fn next_secret(secret: &str, salt: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(salt.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// What is kept of a secret.
pub(crate) fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

/// The challenge that this secret answers (RFC 7636, S256).
pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

fn record(id: &str) -> RecordId {
    RecordId::new("key", id)
}

/// How long a key about to be made is good.
enum Term<'a> {
    Until(Option<DateTime<Utc>>),
    /// No longer than its maker, whatever is asked for.
    With(&'a GrantedKey, Option<DateTime<Utc>>),
}

/// The row of a key about to be made, and what its maker is shown of it.
fn new_key(
    user: &str,
    family: KeyFamily,
    name: &str,
    scopes: Option<&[Scope]>,
    term: Term<'_>,
) -> (KeyRow, CreatedKey) {
    let (maker, expires_at) = match term {
        Term::Until(end) => (None, end),
        Term::With(maker, end) => (Some(maker), [maker.listed.expires_at, end].into_iter().flatten().min()),
    };
    let secret = random_secret();
    let fields = KeyRow {
        key_id: uuid::Uuid::new_v4().to_string(),
        user: user.to_owned(),
        family: family_name(family).to_owned(),
        name: name.to_owned(),
        secret: digest(&secret),
        key_prefix: format!("{}{}...{}", family.prefix(), &secret[..4], &secret[secret.len() - 4..]),
        scopes: scopes.map(|scopes| scopes.iter().map(|scope| scope.spelling(family)).collect()),
        created_at: crate::now(),
        last_used_at: None,
        expires_at,
        made_with: maker.map(|maker| maker.id.clone()),
    };
    let described = listed(&fields, family);
    (fields, CreatedKey { described, key: format!("{}{secret}", family.prefix()) })
}

fn family_name(family: KeyFamily) -> &'static str {
    match family {
        KeyFamily::Developer => "developer",
        KeyFamily::Mcp => "mcp",
    }
}

fn listed(row: &KeyRow, family: KeyFamily) -> Key {
    Key {
        id: row.key_id.clone(),
        name: row.name.clone(),
        key_prefix: row.key_prefix.clone(),
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        scopes: row.scopes.clone(),
        expires_at: row.expires_at,
        app_id: (family == KeyFamily::Mcp).then(|| "mcp-api".to_owned()),
        made_with: row.made_with.clone(),
    }
}

fn granted(row: KeyRow, family: KeyFamily, ended: CancellationToken) -> GrantedKey {
    let parse = |scopes: &Vec<String>| scopes.iter().filter_map(|scope| Scope::parse(scope, family)).collect();
    GrantedKey {
        id: row.key_id.clone(),
        user: row.user.clone(),
        name: row.name.clone(),
        family,
        scopes: row.scopes.as_ref().map(parse),
        listed: listed(&row, family),
        resource: None,
        ended,
        noted: AtomicI64::new(row.last_used_at.map_or(0, |time| time.timestamp())),
    }
}
