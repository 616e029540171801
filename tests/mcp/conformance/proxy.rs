//! What gives a program that cannot send one a key: a proxy on loopback, which passes on everything else as it is.

use poem::{
    Body, Endpoint, Request, Response, Server,
    listener::{Acceptor, Listener, TcpListener},
};
use reqwest::{Client, Url, header};

/// Passes requests on to `server` with `key`, until the test process ends; gives the address to call.
pub(super) async fn with_key(server: &str, key: &str) -> String {
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
    let address = acceptor.local_addr()[0].as_socket_addr().unwrap().to_string();
    let proxy =
        Proxy { server: server.parse().unwrap(), key: key.to_owned(), own: address.clone(), http: Client::new() };
    tokio::spawn(Server::new_with_acceptor(acceptor).run(proxy));
    format!("http://{address}")
}

struct Proxy {
    server: Url,
    key: String,
    own: String,
    http: Client,
}

impl Endpoint for Proxy {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let (parts, body) = request.into_parts();
        let mut headers = parts.headers;
        headers.insert(header::AUTHORIZATION, format!("Bearer {}", self.key).parse().unwrap());
        // Who calls the proxy by its name means the server; another name is part of what is tried.
        for name in [header::HOST, header::ORIGIN] {
            if let Some(value) = headers.get_mut(&name) {
                let theirs = value.to_str().unwrap().replace(&self.own, self.server.authority());
                *value = theirs.parse().unwrap();
            }
        }
        let url = self.server.join(&parts.uri.to_string()).unwrap();
        let request = self.http.request(parts.method, url).headers(headers).body(body.into_bytes().await?);
        let answer = request.send().await.map_err(poem::error::BadGateway)?;
        let mut response = Response::builder().status(answer.status()).finish();
        *response.headers_mut() = answer.headers().clone();
        response.headers_mut().remove(header::TRANSFER_ENCODING);
        response.set_body(Body::from_bytes_stream(futures::TryStreamExt::map_err(
            answer.bytes_stream(),
            std::io::Error::other,
        )));
        Ok(response)
    }
}
