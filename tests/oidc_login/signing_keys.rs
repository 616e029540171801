//! The keys that issuers sign with: made when the first test needs them, and the same in all tests, for they take a
//! while.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};

static RSA: LazyLock<[EncodingKey; 2]> = LazyLock::new(|| [make_rsa(), make_rsa()]);

static CURVE: LazyLock<EncodingKey> =
    LazyLock::new(|| EncodingKey::from_ec_der(&rcgen::KeyPair::generate().unwrap().serialize_der()));

fn make_rsa() -> EncodingKey {
    let der: Pkcs8V1Der<'static> = KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
    let text = STANDARD.encode::<&[u8]>(der.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()
}

/// A key that signs tokens.
pub(super) struct Key {
    algorithm: Algorithm,
    signing: EncodingKey,
    /// What its issuer calls it.
    name: &'static str,
}

impl Key {
    /// An RSA key; tokens are signed by RS256.
    pub(super) fn first() -> Self {
        Self { algorithm: Algorithm::RS256, signing: RSA[0].clone(), name: "first" }
    }

    /// Another one.
    pub(super) fn second() -> Self {
        Self { algorithm: Algorithm::RS256, signing: RSA[1].clone(), name: "second" }
    }

    /// One on a curve; tokens are signed by ES256.
    pub(super) fn curve() -> Self {
        Self { algorithm: Algorithm::ES256, signing: CURVE.clone(), name: "curve" }
    }

    /// The public key, as a JSON Web Key.
    pub(super) fn public(&self) -> Value {
        let key = Jwk::from_encoding_key(&self.signing, self.algorithm).unwrap();
        let mut key = serde_json::to_value(key).unwrap();
        key["kid"] = json!(self.name);
        key["use"] = json!("sig");
        key
    }

    /// A token that says this.
    pub(super) fn sign(&self, claims: &Value) -> String {
        self.sign_as(Some(self.name), claims)
    }

    /// The same, which calls the key so.
    pub(super) fn sign_as(&self, name: Option<&str>, claims: &Value) -> String {
        let header = Header { kid: name.map(str::to_owned), ..Header::new(self.algorithm) };
        encode(&header, claims, &self.signing).unwrap()
    }

    /// A forged token, signed with the public key as a shared secret.
    pub(super) fn sign_with_public(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.name.to_owned()), ..Header::new(Algorithm::HS256) };
        let secret = EncodingKey::from_secret(self.public()["n"].as_str().unwrap().as_bytes());
        encode(&header, claims, &secret).unwrap()
    }
}

/// An unsigned token, as the emulator of Firebase makes them.
pub(super) fn unsigned(claims: &Value) -> String {
    format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(claims))
}

/// A part of a token.
pub(super) fn part(content: &Value) -> String {
    URL_SAFE_NO_PAD.encode(content.to_string())
}
