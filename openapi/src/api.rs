//! The REST face: one endpoint for each route of each tool.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures::future::BoxFuture;
use http::{HeaderMap, Method};
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, endpoint::BoxEndpoint};
use poem_openapi::{
    OpenApi, OpenApiService,
    registry::{MetaApi, MetaOperation, MetaPath, MetaResponses, MetaTag, Registry},
};
use tools::{Audience, Context, Error};

use crate::{
    document,
    operation::{self, Operation, Words},
    refusal::Refusal,
    reply, request,
};

/// Finds out who makes a request.
pub trait SignIn: Send + Sync + 'static {
    /// The context of the request with these headers, on a route for `audience`; else the contract's 401 or 403.
    fn context<'a>(
        &'a self,
        audience: Audience,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, tools::Result<Context, Error>>;
}

/// Every route of every tool.
pub struct Api {
    sign_in: Arc<dyn SignIn>,
}

/// The tools' routes, and those of another API beside them.
pub type Service<Other> = OpenApiService<(Api, Other), ()>;

/// The tools' routes, with those of `others` (`()` for none) beside them.
pub fn service<Other: OpenApi>(sign_in: Arc<dyn SignIn>, others: Other) -> Service<Other> {
    document::titled((Api::new(sign_in), others))
}

impl Api {
    /// Serves whom `sign_in` lets in.
    pub fn new(sign_in: Arc<dyn SignIn>) -> Self {
        Self { sign_in }
    }
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
        for words in Words::all() {
            registry.create_tag(MetaTag { name: words.tag, description: Some(words.about), external_docs: None });
            registry.create_security_scheme(words.scheme, words.security());
        }
    }

    fn add_routes(self, route_table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        for operation in operation::all() {
            let endpoint = Call { operation, sign_in: self.sign_in.clone() };
            let methods = route_table.entry(operation.router_path()).or_default();
            methods.insert(operation.route.method.clone(), endpoint.boxed());
        }
    }
}

/// The methods of each path, as the router spells it, for the `Allow` header.
pub(crate) fn methods_by_path<Other: OpenApi>() -> HashMap<String, String> {
    let mut found: BTreeMap<String, Vec<Method>> = BTreeMap::new();
    for path in <(Api, Other)>::meta().into_iter().flat_map(|api| api.paths) {
        let methods = found.entry(path.path.replace('{', ":").replace('}', "")).or_default();
        methods.extend(path.operations.into_iter().map(|operation| operation.method));
    }
    let join = |mut methods: Vec<Method>| {
        if methods.contains(&Method::GET) {
            methods.push(Method::HEAD);
        }
        let mut names: Vec<&str> = methods.iter().map(Method::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    };
    found.into_iter().map(|(path, methods)| (path, join(methods))).collect()
}

/// What poem-openapi can say of an operation; the document adds parameters, bodies and answers.
fn describe(operation: &'static Operation) -> MetaOperation {
    let words = operation.words();
    MetaOperation {
        method: operation.route.method.clone(),
        tags: vec![words.tag],
        summary: Some(&operation.summary),
        description: Some(&operation.description),
        external_docs: None,
        params: Vec::new(),
        request: None,
        responses: MetaResponses { responses: Vec::new() },
        deprecated: false,
        security: vec![HashMap::from([(words.scheme, Vec::new())])],
        operation_id: Some(&operation.id),
        code_samples: Vec::new(),
    }
}

/// Answers the requests of one route.
struct Call {
    operation: &'static Operation,
    sign_in: Arc<dyn SignIn>,
}

impl Endpoint for Call {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(self.answer(request).await.unwrap_or_else(IntoResponse::into_response))
    }
}

impl Call {
    /// Who may not call is told so before the body is read.
    async fn answer(&self, mut request: Request) -> Result<Response, Refusal> {
        let Operation { tool, route, .. } = self.operation;
        let context = self.sign_in.context(route.audience, request.headers()).await?;
        tool.permits(&context)?;
        let (given, places) = request::read(self.operation, &mut request).await?;
        match tool.call(context, &route.arguments, given).await {
            Ok(result) => Ok(reply::answer(&route.reply, result)),
            Err(Error::Arguments(issues)) => Err(Error::Arguments(places.locate(issues)).into()),
            Err(error) => Err(error.into()),
        }
    }
}
