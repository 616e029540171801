//! Import: every source is parsed into a stream of items, which one writer stores.
//!
//! An item gets the same id each time it is parsed, and existing items are left unchanged: a repeated import changes
//! nothing, and an interrupted import can be resumed. An item that cannot be parsed is skipped and reported with its
//! location; it never ends the import.

mod calendar;
mod chatgpt;
mod claude;
mod input;
mod item;
mod json;
mod memory_lines;
mod omi;
mod plain_text;
mod report;
mod subtitles;
mod utterances;
mod writer;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use resources::{Resources, Result};
use tokio::sync::mpsc;

pub use input::Input;
use input::{CountingReader, Format};
pub use item::ItemKind;
use item::ParsedItem;
pub use report::{Count, Report};
use writer::Writer;

/// How many items are parsed ahead, and written at a time.
const BATCH_SIZE: usize = 100;

/// An import.
pub struct Importer<'a> {
    writer: Writer<'a>,
    bytes_read: Arc<AtomicU64>,
}

/// A pass over a file: people and folders come first, because the other items refer to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    PeopleAndFolders,
    Others,
}

impl<'a> Importer<'a> {
    /// An import into the data of `user`.
    pub fn new(resources: &'a Resources, user: &'a str) -> Self {
        Self { writer: Writer::new(resources, user), bytes_read: Arc::default() }
    }

    /// Imports a file, whose format is detected from its content. `progress` receives the number of bytes read of all
    /// files so far.
    ///
    /// # Errors
    /// The database is unavailable. Other problems are in the report.
    pub async fn import_file(&mut self, input: &Input, progress: impl Fn(u64)) -> Result<()> {
        let format = match input.format() {
            Ok(format) => format,
            Err(reason) => {
                self.writer.report.skip(ItemKind::File, &input.name, &reason);
                return Ok(());
            }
        };
        let passes: &[Pass] =
            if format == Format::Json { &[Pass::PeopleAndFolders, Pass::Others] } else { &[Pass::Others] };
        for pass in passes {
            let mut items = self.items(input.clone(), format, *pass);
            let mut batch = Vec::with_capacity(BATCH_SIZE);
            while items.recv_many(&mut batch, BATCH_SIZE).await > 0 {
                self.writer.write(&input.name, batch.drain(..)).await?;
                progress(self.bytes_read.load(Ordering::Relaxed));
            }
        }
        Ok(())
    }

    /// The report of the import.
    pub fn finish(self) -> Report {
        self.writer.report
    }

    /// The items of a file, parsed on a separate thread.
    fn items(&self, input: Input, format: Format, pass: Pass) -> mpsc::Receiver<ParsedItem> {
        let (sender, receiver) = mpsc::channel(BATCH_SIZE);
        let counter = (pass == Pass::Others).then(|| Arc::clone(&self.bytes_read));
        tokio::task::spawn_blocking(move || {
            let mut send = |item: ParsedItem| sender.blocking_send(item).is_ok();
            let outcome = input.open().map_err(|error| error.to_string()).and_then(|reader| {
                let reader = CountingReader { reader, counter };
                match format {
                    Format::Json => json::read(reader, pass, &mut send),
                    Format::Lines => memory_lines::read(reader, &mut send),
                    Format::Subtitles => subtitles::read(reader, &input, &mut send),
                    Format::Calendar => calendar::read(reader, &mut send),
                    Format::Plain => plain_text::read(reader, &input, &mut send),
                }
            });
            if let Err(reason) = outcome
                && pass == Pass::Others
            {
                send(ParsedItem::failed(ItemKind::File, String::new(), reason));
            }
        });
        receiver
    }
}

/// Receives an item. Returns whether more items are wanted.
type Sink<'a> = &'a mut dyn FnMut(ParsedItem) -> bool;
