//! A small HTTP server on the loopback interface, for the tests of this crate and of those above.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// What a client sent.
pub struct Request {
    /// The request line and the headers, in lower case.
    pub head: String,
    /// The body.
    pub body: String,
}

/// Answers every request by `respond`, a status and a body; returns the base URL.
pub fn serve(respond: impl Fn(Request) -> (u16, Vec<u8>) + Send + Sync + 'static) -> String {
    serve_at([127, 0, 0, 1], 0, respond)
}

/// The same at another of this machine's own numbers, and at this port; 0 takes any free one.
pub fn serve_at(
    number: [u8; 4],
    port: u16,
    respond: impl Fn(Request) -> (u16, Vec<u8>) + Send + Sync + 'static,
) -> String {
    listen(number, port, move |request| {
        let (status, body) = respond(request);
        (status, String::new(), body)
    })
}

/// Leads every request to the address `to`.
pub fn serve_redirect(number: [u8; 4], to: &str) -> String {
    let location = format!("location: {to}\r\n");
    listen(number, 0, move |_| (302, location.clone(), Vec::new()))
}

fn listen(
    number: [u8; 4],
    port: u16,
    respond: impl Fn(Request) -> (u16, String, Vec<u8>) + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind((Ipv4Addr::from(number), port)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let respond = Arc::new(respond);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let respond = respond.clone();
            thread::spawn(move || answer(stream.unwrap(), &*respond));
        }
    });
    url
}

/// A base URL at which nothing listens.
pub fn closed() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

fn answer(mut stream: TcpStream, respond: &impl Fn(Request) -> (u16, String, Vec<u8>)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let lines = reader.by_ref().lines().map(|line| line.unwrap()).take_while(|line| !line.is_empty());
    let head = lines.collect::<Vec<_>>().join("\n").to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let (status, more, answer) = respond(Request { head, body: String::from_utf8(body).unwrap() });
    let head = format!(
        "HTTP/1.1 {status} Status\r\n{more}content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        answer.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&answer).unwrap();
}
