//! Passwords: hashed by argon2id on blocking threads, a few at a time.

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use outbound::{Error, Result};
use rand::rngs::OsRng;
use tokio::{sync::Semaphore, task::spawn_blocking};

/// How many passwords are hashed at once: each takes 19 MiB and most of a processor.
static HASH_PERMITS: Semaphore = Semaphore::const_new(4);

/// A hash that no password has, with the parameters of all others: accounts without a password take as long to refuse.
const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cmVjb2xsZWN0cmVjb2xsZWN0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The shortest and the longest password, in characters.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

/// Hashes a password for storage, with a salt of its own.
///
/// # Errors
/// [`Error::Internal`] when hashing fails.
pub async fn hash(password: String) -> Result<String> {
    with_permit(move || {
        let salt = SaltString::generate(OsRng);
        Ok(Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string())
    })
    .await
}

/// Whether the password has this hash. Without a hash it has not, and that takes as long to find out.
///
/// # Errors
/// [`Error::Internal`] when the hash cannot be parsed.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool> {
    // Hashing takes the longer the longer the text is: a password that cannot be one is not hashed.
    let length = password.chars().take(PASSWORD_LENGTH.end() + 1).count();
    let hash = hash.filter(|_| length <= *PASSWORD_LENGTH.end());
    let password = if length <= *PASSWORD_LENGTH.end() { password } else { String::new() };
    with_permit(move || {
        let has_hash = hash.is_some();
        let hash = hash.as_deref().unwrap_or(DUMMY_HASH);
        let matches = Argon2::default().verify_password(password.as_bytes(), &PasswordHash::new(hash)?).is_ok();
        Ok(matches && has_hash)
    })
    .await
}

async fn with_permit<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, argon2::password_hash::Error> + Send + 'static,
) -> Result<T> {
    let _permit = HASH_PERMITS.acquire().await.map_err(Error::internal)?;
    spawn_blocking(work).await.map_err(Error::internal)?.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_is_verified() {
        let stored = hash("correct horse".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, hash("correct horse".into()).await.unwrap(), "each has its salt");
        assert!(verify("correct horse".into(), Some(stored.clone())).await.unwrap());
        assert!(!verify("correct horsf".into(), Some(stored.clone())).await.unwrap());
        assert!(!verify("x".repeat(1 << 20), Some(stored)).await.unwrap());
        assert!(!verify(String::new(), None).await.unwrap());
        assert!(PasswordHash::new(DUMMY_HASH).is_ok_and(|hash| hash.hash.is_some()));
    }
}
