//! A browser without scripts: it keeps one cookie and fills in forms.

use reqwest::{
    Client, RequestBuilder, Url,
    header::{CONTENT_TYPE, HeaderMap},
    redirect::Policy,
};

/// A browser.
pub(super) struct Browser {
    http: Client,
    pub(super) cookie: Option<String>,
}

/// What it shows.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) address: Url,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) html: String,
}

impl Browser {
    pub(super) fn new() -> Self {
        Self { http: Client::builder().redirect(Policy::none()).build().unwrap(), cookie: None }
    }

    pub(super) async fn open(&mut self, address: &str) -> Page {
        self.send(self.http.get(address), address).await
    }

    /// Presses the button `action` of the form on a page, with these fields filled in.
    pub(super) async fn submit(&mut self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let hidden = page.hidden();
        let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let form: Vec<_> = hidden.chain([("action", action)]).chain(fields.iter().copied()).collect();
        self.post(page, &form).await
    }

    /// Sends these fields, and no others, where the form on a page goes to.
    pub(super) async fn post(&mut self, page: &Page, form: &[(&str, &str)]) -> Page {
        let to = page.between("action=\"", "\"").next().expect("the page has a form");
        let address = page.address.join(&unescaped(to)).unwrap();
        self.send(filled_in(self.http.post(address.clone()), form), address.as_str()).await
    }

    async fn send(&mut self, request: RequestBuilder, address: &str) -> Page {
        let request = self.cookie.iter().fold(request, |request, cookie| request.header("cookie", cookie));
        let response = request.send().await.unwrap();
        if let Some(cookie) = response.headers().get("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("; Path=/authorize; Max-Age="), "{cookie}");
            assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
            let is_removed = cookie.contains("; Max-Age=0;");
            assert!(is_removed || cookie.contains("; Max-Age=900;"), "{cookie}");
            self.cookie = cookie.split(';').next().filter(|_| !is_removed).map(str::to_owned);
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Page { address: address.parse().unwrap(), status, headers, html: response.text().await.unwrap() }
    }
}

impl Page {
    /// The hidden fields of the first form.
    pub(super) fn hidden(&self) -> Vec<(String, String)> {
        let form = self.between("<form", "</form>").next().unwrap_or_default();
        let field = |input: &str| {
            let attribute = |name: &str| Some(unescaped(input.split_once(name)?.1.split('"').next()?));
            Some((attribute("name=\"")?, attribute("value=\"")?))
        };
        form.split("<input type=\"hidden\" ").skip(1).filter_map(field).collect()
    }

    /// What can be granted.
    pub(super) fn choices(&self) -> Vec<String> {
        self.between("name=\"grant\" value=\"", "\"").map(unescaped).collect()
    }

    /// Where a redirect leads.
    #[track_caller]
    pub(super) fn moved_to(&self) -> String {
        assert_eq!(self.status, 303, "{}", self.html);
        self.address.join(self.headers["location"].to_str().unwrap()).unwrap().into()
    }

    /// Where the page sends the browser by itself.
    #[track_caller]
    pub(super) fn next(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.html);
        unescaped(self.between("content=\"0; url=", "\"").next().expect("the page sends on"))
    }

    pub(super) fn has(&self, text: &str) -> bool {
        self.html.contains(text)
    }

    fn between<'a>(&'a self, before: &'a str, after: &'a str) -> impl Iterator<Item = &'a str> {
        self.html.split(before).skip(1).filter_map(move |rest| rest.split(after).next())
    }
}

/// A request with a form for its body.
pub(super) fn filled_in(request: RequestBuilder, form: &[(&str, &str)]) -> RequestBuilder {
    let encoded = Url::parse_with_params("http://form/", form).unwrap().query().unwrap_or_default().to_owned();
    request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(encoded)
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
