//! Progress bars on standard error. Where that is no terminal, nothing is shown.

use indicatif::{ProgressBar, ProgressStyle};
use resources::embedding_files::{Download, DownloadProgress};

/// A progress bar of `length` steps.
pub(crate) fn progress_bar(length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the templates are constants");
    ProgressBar::new(length).with_style(style)
}

/// Shows downloads as a progress bar.
pub(crate) fn download_progress() -> DownloadProgress {
    let bar = progress_bar(0, "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}");
    DownloadProgress::new(move |download| match download {
        Download::Receiving { file, received, total } => {
            if bar.message() != file {
                bar.reset();
                bar.set_message(file);
            }
            bar.set_length(total);
            bar.set_position(received);
        }
        Download::Finished => bar.finish_and_clear(),
    })
}
