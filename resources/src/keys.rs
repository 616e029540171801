//! API keys: created, listed, revoked, and found by their secret.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use identity::crypto::{digest, random_secret};
use schemas::{
    key::{CreatedKey, Key, KeyFamily},
    scope::Scope,
};
use surrealdb::types::{RecordId, SurrealValue};
use tokio_util::sync::CancellationToken;

use crate::{
    Resources, Result,
    database::{Params, row},
};

/// How often the last use of a key is recorded.
const RECORD_USE_INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// How many keys a user can create, of both families together.
pub const MAX_KEYS: usize = 100;

/// The result of creating a key for a client.
#[derive(Debug)]
pub enum Creation {
    /// It is created.
    Created(Box<CreatedKey>),
    /// The user has [`MAX_KEYS`] keys.
    TooMany,
    /// The key that was to create it has been revoked.
    ParentRevoked,
}

/// A valid API key, or an OAuth access token: what its bearer may do, and for whom.
#[derive(Debug)]
pub struct GrantedKey {
    /// Identifies the key, or the grant of the access token.
    pub id: String,
    /// The user it acts for.
    pub user: String,
    /// What the user called it, or the name of the OAuth client.
    pub name: String,
    /// Which API it is for.
    pub family: KeyFamily,
    /// Its scopes; `None` means the family's default.
    pub scopes: Option<Vec<Scope>>,
    /// The key as users see it in lists.
    pub listed: Key,
    /// The resource that an access token was issued for (RFC 8707); `None` for an API key.
    pub resource: Option<String>,
    /// Cancelled when the key or the grant is revoked in this process, which ends the streams that it opened.
    pub revoked: CancellationToken,
    /// When its last use was recorded, in seconds since 1970.
    use_recorded_at: AtomicI64,
}

impl GrantedKey {
    /// An access token of a grant, which can do what an MCP key can.
    pub(crate) fn from_access_token(
        listed: Key,
        user: String,
        scopes: Vec<Scope>,
        resource: String,
        revoked: CancellationToken,
    ) -> Self {
        Self {
            id: listed.id.clone(),
            user,
            name: listed.name.clone(),
            family: KeyFamily::Mcp,
            scopes: Some(scopes),
            use_recorded_at: AtomicI64::new(0),
            listed,
            resource: Some(resource),
            revoked,
        }
    }

    /// The scopes that the key has.
    pub fn effective_scopes(&self) -> &[Scope] {
        self.scopes.as_deref().unwrap_or(Scope::defaults(self.family))
    }

    /// The id that its requests are counted under: a key shares its rate limits with the keys that it has created.
    pub fn limit_subject(&self) -> &str {
        self.listed.made_with.as_ref().unwrap_or(&self.id)
    }

    /// Whether a use is to be recorded now. `true` only once an interval: the caller has to record it.
    pub fn should_record_use(&self) -> bool {
        let (now, recorded) = (Utc::now().timestamp(), self.use_recorded_at.load(Ordering::Relaxed));
        let is_due = now - recorded >= RECORD_USE_INTERVAL.num_seconds();
        is_due && self.use_recorded_at.compare_exchange(recorded, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    pub(crate) fn is_expired(&self) -> bool {
        self.listed.expires_at.is_some_and(|end| end <= Utc::now())
    }

    /// Whether the key has this scope.
    pub fn has_scope(&self, scope: Scope) -> bool {
        self.effective_scopes().contains(&scope)
    }
}

/// A row of `key`.
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

impl KeyRow {
    /// The key as users see it in lists.
    fn listed(&self, family: KeyFamily) -> Key {
        Key {
            id: self.key_id.clone(),
            name: self.name.clone(),
            key_prefix: self.key_prefix.clone(),
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            scopes: self.scopes.clone(),
            expires_at: self.expires_at,
            app_id: (family == KeyFamily::Mcp).then(|| "mcp-api".to_owned()),
            made_with: self.made_with.clone(),
        }
    }

    /// The key as requests use it; `revoked` is cancelled when it is revoked.
    fn into_granted(self, family: KeyFamily, revoked: CancellationToken) -> GrantedKey {
        let listed = self.listed(family);
        let parse = |scopes: Vec<String>| scopes.iter().filter_map(|scope| Scope::parse(scope, family)).collect();
        GrantedKey {
            id: self.key_id,
            user: self.user,
            name: self.name,
            family,
            scopes: self.scopes.map(parse),
            listed,
            resource: None,
            revoked,
            use_recorded_at: AtomicI64::new(self.last_used_at.map_or(0, |time| time.timestamp())),
        }
    }
}

/// The keys of all users; each method names the user.
pub struct Keys<'a>(pub(crate) &'a Resources);

impl Keys<'_> {
    /// Creates a key for `user` that does not expire. Its secret is only in the answer; the digest is stored.
    pub async fn create(
        &self,
        user: &str,
        family: KeyFamily,
        name: &str,
        scopes: Option<&[Scope]>,
    ) -> Result<CreatedKey> {
        self.create_expiring(user, family, name, scopes, None).await
    }

    /// Creates a key for `user` that expires at a time, if one is given. It is the operator who creates it, without a limit.
    pub async fn create_expiring(
        &self,
        user: &str,
        family: KeyFamily,
        name: &str,
        scopes: Option<&[Scope]>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<CreatedKey> {
        let (fields, created) = new_key(user, family, name, scopes, Expiry::At(expires_at));
        let row = row(key_record(&fields.key_id), fields);
        self.0.database.run("INSERT INTO key $row", Params::new().with("row", row)).await?;
        Ok(created)
    }

    /// Creates a key as [`create_expiring`](Self::create_expiring) does, unless the user has [`MAX_KEYS`].
    pub async fn create_within_limit(
        &self,
        user: &str,
        family: KeyFamily,
        name: &str,
        scopes: Option<&[Scope]>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<Creation> {
        let (fields, created) = new_key(user, family, name, scopes, Expiry::At(expires_at));
        self.insert_within_limit(fields, created, None).await
    }

    /// Creates an MCP key with all scopes, and revokes those of the same name.
    pub async fn replace(&self, user: &str, name: &str) -> Result<CreatedKey> {
        for old in self.list(user, KeyFamily::Mcp).await?.into_iter().filter(|key| key.name == name) {
            self.revoke(user, KeyFamily::Mcp, &old.id).await?;
        }
        self.create(user, KeyFamily::Mcp, name, None).await
    }

    /// Creates a key with another key, of the same family and user. It is revoked together with that key, and expires
    /// no later.
    pub async fn create_derived(
        &self,
        parent: &GrantedKey,
        name: &str,
        scopes: &[Scope],
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<Creation> {
        let (fields, created) =
            new_key(&parent.user, parent.family, name, Some(scopes), Expiry::Derived(parent, expires_at));
        self.insert_within_limit(fields, created, Some(&parent.id)).await
    }

    /// Stores a new key, unless its user has [`MAX_KEYS`] or its parent is gone.
    async fn insert_within_limit(&self, fields: KeyRow, created: CreatedKey, parent: Option<&str>) -> Result<Creation> {
        // Concurrent calls write the same row, so that one of two is retried and counts again. The parent is written too:
        // revoking it at the same moment conflicts and cannot leave this key behind.
        let statements = "BEGIN;
            UPSERT $lock RETURN NONE;
            DELETE $lock RETURN NONE;
            LET $has_parent = IF $parent = NONE { true } ELSE {
                count((UPDATE $parent SET last_used_at = $now)) > 0
            };
            LET $fits = count(SELECT VALUE id FROM key WHERE user = $user) < $max;
            IF $has_parent AND $fits { INSERT INTO key $row; };
            RETURN { has_parent: $has_parent, fits: $fits };
            COMMIT;";
        let params = Params::new()
            .with("lock", RecordId::new("key_creation", fields.user.clone()))
            .with("parent", parent.map(key_record))
            .with("now", fields.created_at)
            .with("user", fields.user.clone())
            .with("max", MAX_KEYS as i64)
            .with("row", row(key_record(&fields.key_id), fields));
        let outcome: CreationOutcome = self.0.database.run(statements, params).await?.take(6)?;
        Ok(match outcome {
            CreationOutcome { has_parent: false, .. } => Creation::ParentRevoked,
            CreationOutcome { fits: false, .. } => Creation::TooMany,
            CreationOutcome { .. } => Creation::Created(Box::new(created)),
        })
    }

    /// The keys of `user` in a family, newest first.
    pub async fn list(&self, user: &str, family: KeyFamily) -> Result<Vec<Key>> {
        let statement = "SELECT * FROM key WHERE user = $user AND family = $family ORDER BY created_at DESC";
        let params = Params::new().with("user", user).with("family", family_name(family));
        let rows: Vec<KeyRow> = self.0.database.run(statement, params).await?.take(0)?;
        Ok(rows.iter().map(|row| row.listed(family)).collect())
    }

    /// Revokes a key of `user` at once, with the keys that were created with it; an unknown id changes nothing.
    pub async fn revoke(&self, user: &str, family: KeyFamily, id: &str) -> Result<()> {
        let statement = "DELETE key WHERE user = $user AND family = $family AND (key_id = $id OR made_with = $id)
            RETURN BEFORE";
        let params = Params::new().with("id", id).with("user", user).with("family", family_name(family));
        let revoked: Vec<KeyRow> = self.0.database.run(statement, params).await?.take(0)?;
        for row in revoked {
            self.0.auth.keys.invalidate(&row.secret);
            self.0.auth.revocations.revoke(&row.key_id);
        }
        Ok(())
    }

    /// The key with this secret, given with its family's prefix, unless it has expired.
    pub async fn find(&self, raw: &str) -> Result<Option<Arc<GrantedKey>>> {
        let family = KeyFamily::ALL.into_iter().find(|family| raw.starts_with(family.prefix()));
        let Some(family) = family else { return Ok(None) };
        let secret = digest(&raw[family.prefix().len()..]);
        let load = async {
            let statement = "SELECT * FROM key WHERE secret = $secret AND family = $family";
            let params = Params::new().with("secret", secret.as_str()).with("family", family_name(family));
            let rows: Vec<KeyRow> = self.0.database.run(statement, params).await?.take(0)?;
            Ok(rows.into_iter().next().map(|row| {
                let revoked = self.0.auth.revocations.token(&row.key_id);
                Arc::new(row.into_granted(family, revoked))
            }))
        };
        let key = self.0.auth.keys.get_or_load(&secret, load).await?;
        Ok(key.filter(|key| !key.is_expired()))
    }

    /// Records that a key was used just now.
    pub async fn record_use(&self, key: &GrantedKey) -> Result<()> {
        let statement = "UPDATE $id SET last_used_at = $now RETURN NONE";
        let params = Params::new().with("id", key_record(&key.id)).with("now", crate::now());
        self.0.database.run(statement, params).await.map(drop)
    }
}

fn key_record(id: &str) -> RecordId {
    RecordId::new("key", id)
}

#[derive(SurrealValue)]
struct CreationOutcome {
    has_parent: bool,
    fits: bool,
}

/// When a new key expires.
enum Expiry<'a> {
    At(Option<DateTime<Utc>>),
    /// At the given time, but no later than the parent key.
    Derived(&'a GrantedKey, Option<DateTime<Utc>>),
}

/// The row of a new key, and what is shown to its creator.
fn new_key(
    user: &str,
    family: KeyFamily,
    name: &str,
    scopes: Option<&[Scope]>,
    expiry: Expiry<'_>,
) -> (KeyRow, CreatedKey) {
    let (parent, expires_at) = match expiry {
        Expiry::At(time) => (None, time),
        Expiry::Derived(parent, time) => (Some(parent), [parent.listed.expires_at, time].into_iter().flatten().min()),
    };
    let secret = random_secret();
    let fields = KeyRow {
        key_id: crate::new_id(),
        user: user.to_owned(),
        family: family_name(family).to_owned(),
        name: name.to_owned(),
        secret: digest(&secret),
        key_prefix: format!("{}{}...{}", family.prefix(), &secret[..4], &secret[secret.len() - 4..]),
        scopes: scopes.map(|scopes| scopes.iter().map(|scope| scope.spelling(family)).collect()),
        created_at: crate::now(),
        last_used_at: None,
        expires_at,
        made_with: parent.map(|parent| parent.id.clone()),
    };
    let described = fields.listed(family);
    (fields, CreatedKey { described, key: format!("{}{secret}", family.prefix()) })
}

fn family_name(family: KeyFamily) -> &'static str {
    match family {
        KeyFamily::Developer => "developer",
        KeyFamily::Mcp => "mcp",
    }
}
