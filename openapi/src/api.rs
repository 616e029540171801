//! The REST routes: one endpoint for each route of each tool.

use std::{collections::HashMap, sync::Arc};

use futures::future::BoxFuture;
use http::{HeaderMap, Method};
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, endpoint::BoxEndpoint};
use poem_openapi::{
    ContactObject, LicenseObject, OpenApi, OpenApiService,
    registry::{MetaApi, MetaOperation, MetaPath, MetaResponses, MetaTag, Registry},
};
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tools::{Audience, Context, Error};

use crate::{
    error::{Refusal, refuse},
    operation::{self, AudienceInfo, Operation},
    rate_limit, reply,
    request::{self, ArgumentSources},
    request_limit::RequestPermit,
};

const ABOUT: &str = "Recollect is a personal memory server. It speaks the Omi API, so that devices, apps and scripts \
    made for Omi work against it, and offers the same capabilities to AI assistants over the Model Context Protocol. \
    Every error body is `{\"detail\": …}`: a sentence, or for arguments a list of what is wrong and where.";

/// Authenticates requests.
pub trait Authenticate: Send + Sync + 'static {
    /// The context of the request with these headers, on a route for `audience`; else the contract's 401 or 403.
    fn context<'a>(
        &'a self,
        audience: Audience,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, tools::Result<Context, Error>>;

    /// The URL of this server that a request was sent to, without a path; `None` where it is not known.
    fn base_url(&self, _: &Request) -> Option<String> {
        None
    }

    /// The `WWW-Authenticate` header of 401 on a route for `audience`; `None` for plain `Bearer`.
    fn challenge(&self, _: Audience, _: &Request) -> Option<String> {
        None
    }
}

/// Every route of every tool.
pub struct Api {
    authenticator: Arc<dyn Authenticate>,
}

/// The tools' routes, and those of another API beside them.
pub type Service<Other> = OpenApiService<(Api, Other), ()>;

/// The tools' routes, with those of `others` (`()` for none) beside them.
pub fn service<Other: OpenApi>(authenticator: Arc<dyn Authenticate>, others: Other) -> Service<Other> {
    titled((Api::new(authenticator), others))
}

impl Api {
    /// The routes, authenticated by `authenticator`.
    pub fn new(authenticator: Arc<dyn Authenticate>) -> Self {
        Self { authenticator }
    }
}

/// A service of `api` with its title and description.
pub(crate) fn titled<A>(api: A) -> OpenApiService<A, ()> {
    OpenApiService::new(api, "Recollect", env!("CARGO_PKG_VERSION"))
        .description(ABOUT)
        .contact(ContactObject::new().name("The Recollect authors"))
        .license(LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"))
        .server("/")
}

impl OpenApi for Api {
    fn meta() -> Vec<MetaApi> {
        let mut paths: Vec<MetaPath> = Vec::new();
        for operation in operation::all() {
            let described = describe(operation);
            match paths.iter_mut().find(|path| path.path == operation.route.path) {
                Some(path) => path.operations.push(described),
                None => paths.push(MetaPath { path: operation.route.path.to_owned(), operations: vec![described] }),
            }
        }
        vec![MetaApi { paths }]
    }

    fn register(registry: &mut Registry) {
        for audience in AudienceInfo::all() {
            registry.create_tag(MetaTag { name: audience.tag, description: Some(audience.about), external_docs: None });
            if !audience.scheme.is_empty() {
                registry.create_security_scheme(audience.scheme, audience.security());
            }
        }
    }

    fn add_routes(self, route_table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        for operation in operation::all() {
            let endpoint = Call { operation, authenticator: self.authenticator.clone() };
            let methods = route_table.entry(operation.router_path()).or_default();
            methods.insert(operation.route.method.clone(), endpoint.boxed());
        }
    }
}

/// The operation as poem-openapi describes it; the document adds parameters, bodies and responses.
fn describe(operation: &'static Operation) -> MetaOperation {
    let audience = operation.audience();
    MetaOperation {
        method: operation.route.method.clone(),
        tags: vec![audience.tag],
        summary: Some(&operation.summary),
        description: Some(&operation.description),
        external_docs: None,
        params: Vec::new(),
        request: None,
        responses: MetaResponses { responses: Vec::new() },
        deprecated: false,
        security: if audience.scheme.is_empty() {
            Vec::new()
        } else {
            vec![HashMap::from([(audience.scheme, Vec::new())])]
        },
        operation_id: Some(&operation.id),
        code_samples: Vec::new(),
    }
}

/// The endpoint of one route.
struct Call {
    operation: &'static Operation,
    authenticator: Arc<dyn Authenticate>,
}

impl Endpoint for Call {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(self.answer(request).await.unwrap_or_else(IntoResponse::into_response))
    }
}

impl Call {
    /// Refuses callers without permission before the body is read.
    async fn answer(&self, mut request: Request) -> Result<Response, Refusal> {
        let Operation { tool, route, .. } = self.operation;
        let context = self.authenticator.context(route.audience, request.headers()).await;
        let context = context.map_err(|error| {
            Refusal::from(error).challenging(|| self.authenticator.challenge(route.audience, &request))
        })?;
        let context = context.at(rate_limit::address_of(&request));
        let context = context.with_base_url(self.authenticator.base_url(&request));
        tool.permits(&context)?;
        tool.check_ready(&context)?;
        rate_limit::check_rate_limit(self.operation, &context, &request)?;
        let permit = RequestPermit::acquire(&context, &request).await?;
        let resources = Arc::clone(&context.resources);
        let called = PreparedCall::of(self.operation, &context.caller.user, &mut request).await?.call(context);
        let outcome = if tool.behaviour().read_only {
            called.await
        } else {
            // A write is completed even if the client disconnects, with its caches and logs.
            let (sender, receiver) = oneshot::channel();
            let held = permit.clone();
            resources.tasks.spawn(async move {
                drop(sender.send(called.await));
                drop(held);
            });
            receiver.await.unwrap_or_else(|error| Err(Error::Internal(error.into())))
        };
        let mut response = reply::answer(&route.reply, outcome?);
        // The listener holds it until the client has taken the response.
        response.extensions_mut().insert(permit);
        Ok(response)
    }
}

/// A request read as the route of a tool reads it, for routes that are no tool's and call one.
pub struct PreparedCall {
    operation: &'static Operation,
    /// The arguments, by the names of the route.
    pub arguments: Map<String, Value>,
    sources: ArgumentSources,
}

impl PreparedCall {
    /// Reads a request as the route at `path` of the tool called `name` does.
    ///
    /// # Errors
    /// The response to a request that cannot be read.
    pub async fn read(name: &str, path: &str, context: &Context, request: &mut Request) -> Result<Self, Response> {
        let is_wanted = |operation: &&Operation| operation.tool.name == name && operation.route.path == path;
        let operation = operation::all().iter().find(is_wanted).expect("the route exists");
        operation.tool.check_ready(context).map_err(refuse)?;
        Self::of(operation, &context.caller.user, request).await.map_err(IntoResponse::into_response)
    }

    /// Calls the tool.
    ///
    /// # Errors
    /// Those of the tool; those of arguments say in which part of the request they are.
    pub async fn call(self, context: Context) -> tools::Result<Value> {
        let Operation { tool, route, .. } = self.operation;
        tool.call(context, &route.arguments, self.arguments).await.map_err(|error| match error {
            Error::Arguments(issues) => Error::Arguments(self.sources.locate(issues)),
            error => error,
        })
    }

    async fn of(operation: &'static Operation, user: &str, request: &mut Request) -> Result<Self, Refusal> {
        let (arguments, sources) = request::read(operation, user, request).await?;
        Ok(Self { operation, arguments, sources })
    }
}

#[cfg(test)]
mod tests {
    use http::{StatusCode, header};
    use serde_json::json;

    use super::*;
    use crate::catch_errors::catch_errors;

    /// Lets nobody in.
    struct Closed(fn() -> Error);

    impl Authenticate for Closed {
        fn context<'a>(&'a self, _: Audience, _: &'a HeaderMap) -> BoxFuture<'a, tools::Result<Context>> {
            Box::pin(async { Err((self.0)()) })
        }
    }

    async fn ask(closed: fn() -> Error, method: Method, path: &str, body: &'static str) -> (Response, Value) {
        let panicking = poem::endpoint::make_sync(|_| -> Response { panic!("a defect") });
        let service = service(Arc::new(Closed(closed)), ());
        let routes =
            operation::all().iter().map(|operation| format!("{} {}", operation.route.method, operation.route.path));
        let app = catch_errors(poem::Route::new().at("/panic", panicking).nest("/", service), routes.collect());
        let request = Request::builder().method(method).uri_str(path).body(body);
        let mut response = app.get_response(request).await;
        let text = response.take_body().into_string().await.unwrap();
        (response, serde_json::from_str(&text).unwrap_or_default())
    }

    fn nobody() -> Error {
        Error::Unauthorized("Who are you?".into())
    }

    #[tokio::test]
    async fn who_has_not_signed_in_is_told_so_on_every_route_before_the_body_is_read() {
        for operation in operation::all() {
            let path = operation.route.path.replace(['{', '}'], "");
            let (response, body) = ask(nobody, operation.route.method.clone(), &path, "{").await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(response.header(header::WWW_AUTHENTICATE), Some("Bearer"));
            assert_eq!(body, json!({ "detail": "Who are you?" }));
        }
    }

    #[tokio::test]
    async fn an_absent_part_asks_to_come_again() {
        let away = || Error::Unavailable("The database is away".into());
        let (response, body) = ask(away, Method::GET, "/v3/memories", "").await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.header(header::RETRY_AFTER), Some("5"));
        assert_eq!(body, json!({ "detail": "The database is away" }));
    }

    #[tokio::test]
    async fn unknown_paths_wrong_methods_and_panics_answer_in_the_same_form() {
        let (response, body) = ask(nobody, Method::GET, "/v1/nowhere", "").await;
        assert_eq!((response.status(), body), (StatusCode::NOT_FOUND, json!({ "detail": "Not Found" })));
        let (response, body) = ask(nobody, Method::PUT, "/v1/dev/keys", "").await;
        let wanted = (StatusCode::METHOD_NOT_ALLOWED, json!({ "detail": "Method Not Allowed" }));
        assert_eq!((response.status(), body), wanted);
        assert_eq!(response.header(header::ALLOW), Some("GET, HEAD, POST"));
        let (response, body) = ask(nobody, Method::GET, "/panic", "").await;
        let wanted = (StatusCode::INTERNAL_SERVER_ERROR, json!({ "detail": "Internal server error" }));
        assert_eq!((response.status(), body), wanted);
    }

    #[tokio::test]
    async fn a_fixed_segment_wins_over_an_argument() {
        let (response, _) = ask(nobody, Method::PATCH, "/v3/memories/batch", "").await;
        assert_eq!(response.header(header::ALLOW), Some("DELETE, POST"));
        let (response, _) = ask(nobody, Method::PATCH, "/v1/dev/user/memories/vector/search", "").await;
        assert_eq!(response.header(header::ALLOW), Some("GET, HEAD"));
    }

    #[tokio::test]
    async fn head_works_where_get_does() {
        let (response, body) = ask(nobody, Method::HEAD, "/v3/memories", "").await;
        assert_eq!((response.status(), body), (StatusCode::UNAUTHORIZED, Value::Null));
    }
}
