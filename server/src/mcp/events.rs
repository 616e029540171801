//! Reads event streams.

use async_stream::try_stream;
use futures::Stream;

/// The messages of an event stream; events without one are left out.
pub(crate) fn messages<B, E, S>(chunks: S) -> impl Stream<Item = Result<String, E>>
where
    B: AsRef<[u8]>,
    S: Stream<Item = Result<B, E>>,
{
    try_stream! {
        let mut read = Vec::new();
        for await chunk in chunks {
            read.extend_from_slice(chunk?.as_ref());
            while let Some(end) = read.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = read.drain(..end + 2).collect();
                let message = data(&String::from_utf8_lossy(&event));
                if !message.is_empty() {
                    yield message;
                }
            }
        }
    }
}

fn data(event: &str) -> String {
    event.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect()
}
