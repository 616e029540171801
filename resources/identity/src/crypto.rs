//! Random secrets, and what is stored or compared of them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use rand::{RngCore, rngs::OsRng};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A random secret of 128 bits, as 32 hexadecimal characters.
pub fn random_secret() -> String {
    random_hex::<16>()
}

/// A random secret of 256 bits, as 64 hexadecimal characters.
pub fn long_random_secret() -> String {
    random_hex::<32>()
}

fn random_hex<const BYTES: usize>() -> String {
    let mut bytes = [0; BYTES];
    OsRng.fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// The SHA-256 of a secret, in hexadecimal. Secrets are stored in this form only.
pub fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

/// Whether two secrets are equal, compared in constant time.
pub fn secrets_match(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// The PKCE code challenge of a verifier (RFC 7636, S256).
pub fn pkce_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// The CSRF token of forms that are made for the browser session with this secret.
pub fn csrf_token(session_secret: &str) -> String {
    hex::encode(csrf_mac(session_secret).finalize().into_bytes())
}

/// Whether `token` is the CSRF token of the browser session with this secret.
pub fn is_csrf_token(session_secret: &str, token: &str) -> bool {
    hex::decode(token).is_ok_and(|token| csrf_mac(session_secret).verify_slice(&token).is_ok())
}

fn csrf_mac(session_secret: &str) -> Hmac<Sha256> {
    keyed_mac(session_secret, "form")
}

/// The HMAC-SHA256 of `message` under `key`: nobody can compute it who does not have the key.
pub fn keyed_digest(key: &str, message: &str) -> [u8; 32] {
    keyed_mac(key, message).finalize().into_bytes().into()
}

/// HMAC-SHA256 of `message` under `key`.
pub(crate) fn keyed_mac(key: &str, message: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(message.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_their_length_and_differ() {
        assert_eq!((random_secret().len(), long_random_secret().len()), (32, 64));
        assert_ne!(random_secret(), random_secret());
    }

    #[test]
    fn csrf_tokens_belong_to_one_session() {
        let token = csrf_token("session");
        assert!(is_csrf_token("session", &token));
        assert!(!is_csrf_token("another", &token) && !is_csrf_token("session", "") && !is_csrf_token("session", "x"));
    }

    #[test]
    fn challenges_are_those_of_rfc_7636() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(pkce_challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
