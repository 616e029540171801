//! What a user has elsewhere, into their memory: every source becomes one stream of items, which one writer keeps.
//!
//! An item has the same id each time it is read, and what is there already is left alone: importing again changes
//! nothing, and an import that was stopped goes on when it is started again. An item that cannot be read is skipped and
//! reported with its place; it never ends the import.

mod calendar;
mod chatgpt;
mod claude;
mod input;
mod item;
mod json;
mod line;
mod omi;
mod plain;
mod report;
mod speech;
mod subtitles;
mod writer;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use resources::{Resources, Result};
use tokio::sync::mpsc;

pub use input::Input;
use input::{Counted, Format};
use item::Found;
pub use item::Kind;
pub use report::{Count, Report};
use writer::Writer;

/// How many items are read ahead, and written at a time.
const BATCH: usize = 100;

/// An import under way.
pub struct Import<'a> {
    writer: Writer<'a>,
    read: Arc<AtomicU64>,
}

/// What is taken from a file at one reading: people and folders come first, because the rest names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    Named,
    Rest,
}

impl<'a> Import<'a> {
    /// An import into what `user` has.
    pub fn new(resources: &'a Resources, user: &'a str) -> Self {
        Self { writer: Writer::new(resources, user), read: Arc::default() }
    }

    /// Takes what a file holds, found out by its content; `progress` hears how many bytes were read of all files so far.
    ///
    /// # Errors
    /// Only what ends an import: the database is away.
    pub async fn take(&mut self, input: &Input, progress: impl Fn(u64)) -> Result<()> {
        let format = match input.format() {
            Ok(format) => format,
            Err(reason) => {
                self.writer.report.skip(Kind::File, &input.name, &reason);
                return Ok(());
            }
        };
        let passes: &[Pass] = if format == Format::Json { &[Pass::Named, Pass::Rest] } else { &[Pass::Rest] };
        for pass in passes {
            let mut items = self.items(input.clone(), format, *pass);
            let mut batch = Vec::with_capacity(BATCH);
            while items.recv_many(&mut batch, BATCH).await > 0 {
                self.writer.write(&input.name, batch.drain(..)).await?;
                progress(self.read.load(Ordering::Relaxed));
            }
        }
        Ok(())
    }

    /// What became of everything.
    pub fn finish(self) -> Report {
        self.writer.report
    }

    /// The items of a file, read on a thread of their own.
    fn items(&self, input: Input, format: Format, pass: Pass) -> mpsc::Receiver<Found> {
        let (sender, receiver) = mpsc::channel(BATCH);
        let counter = (pass == Pass::Rest).then(|| Arc::clone(&self.read));
        tokio::task::spawn_blocking(move || {
            let mut send = |found: Found| sender.blocking_send(found).is_ok();
            let outcome = input.open().map_err(|error| error.to_string()).and_then(|reader| {
                let reader = Counted { reader, counter };
                match format {
                    Format::Json => json::read(reader, pass, &mut send),
                    Format::Lines => line::read(reader, &mut send),
                    Format::Subtitles => subtitles::read(reader, &input, &mut send),
                    Format::Calendar => calendar::read(reader, &mut send),
                    Format::Plain => plain::read(reader, &input, &mut send),
                }
            });
            if let Err(reason) = outcome
                && pass == Pass::Rest
            {
                send(Found::broken(Kind::File, String::new(), reason));
            }
        });
        receiver
    }
}

/// Takes one item; says whether more are wanted.
type Send<'a> = &'a mut dyn FnMut(Found) -> bool;
