//! Passwords: hashed by argon2id, away from the threads that answer requests, a few at a time.

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{Error, Result};

/// How many passwords are hashed at once: each takes 19 MiB and most of a processor.
static TURNS: Semaphore = Semaphore::const_new(4);

/// A hash that no password has, by the parameters of all others: whoever has none takes as long to refuse.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cmVjb2xsZWN0cmVjb2xsZWN0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How many characters a password has, least and most.
pub const LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

/// What is kept of a password.
pub(crate) async fn hash(password: String) -> Result<String> {
    apart(move || {
        let salt = SaltString::encode_b64(uuid::Uuid::new_v4().as_bytes())?;
        Ok(Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string())
    })
    .await
}

/// Whether this is the password with that hash; without a hash it is not, and that takes as long.
pub(crate) async fn matches(password: String, hash: Option<String>) -> Result<bool> {
    // Nobody has a longer one, and hashing takes the longer the longer it is.
    let length = password.chars().take(LENGTH.end() + 1).count();
    let hash = hash.filter(|_| length <= *LENGTH.end());
    let password = if length <= *LENGTH.end() { password } else { String::new() };
    apart(move || {
        let is_somebodys = hash.is_some();
        let hash = hash.as_deref().unwrap_or(NOBODYS);
        let fits = Argon2::default().verify_password(password.as_bytes(), &PasswordHash::new(hash)?).is_ok();
        Ok(fits && is_somebodys)
    })
    .await
}

async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, argon2::password_hash::Error> + Send + 'static,
) -> Result<T> {
    let _turn = TURNS.acquire().await.map_err(Error::internal)?;
    spawn_blocking(work).await.map_err(Error::internal)?.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn passwords_are_told_apart() {
        let kept = hash("correct horse".into()).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, hash("correct horse".into()).await.unwrap(), "each has its salt");
        assert!(matches("correct horse".into(), Some(kept.clone())).await.unwrap());
        assert!(!matches("correct horsf".into(), Some(kept.clone())).await.unwrap());
        assert!(!matches("x".repeat(1 << 20), Some(kept)).await.unwrap());
        assert!(!matches(String::new(), None).await.unwrap());
        assert!(PasswordHash::new(NOBODYS).is_ok_and(|hash| hash.hash.is_some()));
    }
}
