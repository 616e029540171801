//! Parameters of OAuth requests, in a query, in a form and in JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use parameters::{Parameters, decoded};
use poem::{Request, http::header};

#[allow(dead_code, reason = "the server uses all of it")]
#[path = "../../../server/src/auth/oauth/parameters.rs"]
mod parameters;

/// Stands in for the errors of the server.
mod response {
    #[derive(Debug)]
    pub(crate) struct OAuthError;

    impl OAuthError {
        pub(crate) fn invalid_request(_description: impl Into<String>) -> Self {
            Self
        }
    }
}

fn check(given: Parameters) {
    for name in ["client_id", "redirect_uri", "scope", "resource", "state"] {
        let values: Vec<&str> = given.all(name).collect();
        match given.get(name) {
            Ok(value) => assert_eq!(value.into_iter().collect::<Vec<_>>(), values),
            Err(_) => assert!(values.len() > 1),
        }
        assert_eq!(given.require(name).is_ok(), values.len() == 1);
    }
    let query = given.query();
    assert_eq!(Parameters::of_text(&query).query(), query, "what is written is read again");
    let _ = given.or(&Parameters::of_text(&query));
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = decoded(text);
        check(Parameters::of_text(text));
    }
    for kind in ["application/x-www-form-urlencoded", "application/json"] {
        let mut request = Request::builder().header(header::CONTENT_TYPE, kind).body(bytes.to_vec());
        if let Ok(given) = futures::executor::block_on(Parameters::of_body(&mut request)) {
            check(given);
        }
    }
});
