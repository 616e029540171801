//! Reconstructs words and lines from the positions of letters: a PDF contains only positions.

use super::{Budget, PdfError, font::Font};

/// An affine transformation, as the six numbers of the PDF format.
type Matrix = [f32; 6];

const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// The maximum depth of the stack of graphics states.
const MAX_DEPTH: usize = 256;

/// How many bytes of codes are decoded at a time; a multiple of every length of a code.
const CODES_AT_A_TIME: usize = 12 << 10;

/// The least width of a space, in font sizes.
const MIN_SPACE: f32 = 0.15;

/// The least vertical step to a new line, and to a new paragraph, in font sizes.
const MIN_LINE_STEP: f32 = 0.4;
const MIN_PARAGRAPH_STEP: f32 = 1.9;

/// The text of a page, in the order in which it is shown.
pub(super) struct Layout<'a> {
    budget: &'a mut Budget,
    text: String,
    /// The transformation of the page: saved by `q` and restored by `Q`.
    page: Matrix,
    saved: Vec<Matrix>,
    /// The start of the current line, and the position of the pen on it.
    line: Matrix,
    pen: f32,
    font: Option<&'a Font<'a>>,
    size: f32,
    leading: f32,
    letter_spacing: f32,
    word_spacing: f32,
    /// The end of the last letter.
    end: Option<(f32, f32)>,
}

impl<'a> Layout<'a> {
    /// An empty page, whose text is taken from `budget`.
    pub(super) fn new(budget: &'a mut Budget) -> Self {
        Self {
            budget,
            text: String::new(),
            page: IDENTITY,
            saved: Vec::new(),
            line: IDENTITY,
            pen: 0.0,
            font: None,
            size: 1.0,
            leading: 0.0,
            letter_spacing: 0.0,
            word_spacing: 0.0,
            end: None,
        }
    }

    /// Fails when the time is up.
    pub(super) fn check_time(&self) -> Result<(), PdfError> {
        self.budget.check_time()
    }

    pub(super) fn set_font(&mut self, font: Option<&'a Font<'a>>, size: f32) {
        (self.font, self.size) = (font, size);
    }

    /// Applies an operation that shows nothing.
    pub(super) fn apply(&mut self, operator: &str, numbers: &[f32]) {
        match (operator, numbers) {
            ("BT", _) => self.begin_line(IDENTITY),
            ("Td", &[x, y]) => self.begin_line(product([1.0, 0.0, 0.0, 1.0, x, y], self.line)),
            ("TD", &[x, y]) => {
                self.leading = -y;
                self.begin_line(product([1.0, 0.0, 0.0, 1.0, x, y], self.line));
            }
            ("Tm", &[a, b, c, d, e, f]) => self.begin_line([a, b, c, d, e, f]),
            ("T*", _) => self.begin_next_line(),
            ("TL", &[leading]) => self.leading = leading,
            ("Tc", &[spacing]) => self.letter_spacing = spacing,
            ("Tw", &[spacing]) => self.word_spacing = spacing,
            ("cm", &[a, b, c, d, e, f]) => self.page = product([a, b, c, d, e, f], self.page),
            ("q", _) if self.saved.len() < MAX_DEPTH => self.saved.push(self.page),
            ("Q", _) => self.page = self.saved.pop().unwrap_or(self.page),
            _ => {}
        }
    }

    /// Moves the pen between two letters, by thousandths of the font's size.
    pub(super) fn shift(&mut self, back: f32) {
        self.pen -= back / 1000.0 * self.size;
    }

    /// Shows letters at the start of the next line. Fails as [`show`](Self::show).
    pub(super) fn show_on_next_line(&mut self, codes: &[u8]) -> Result<(), PdfError> {
        self.begin_next_line();
        self.show(codes)
    }

    /// Shows letters at the pen's position. Fails when the budget is used up.
    pub(super) fn show(&mut self, codes: &[u8]) -> Result<(), PdfError> {
        let Some(font) = self.font else { return Ok(()) };
        for codes in codes.chunks(CODES_AT_A_TIME) {
            self.budget.check_time()?;
            let (width, count, spaces) = font.measure(codes);
            let letters = font.decode(codes);
            self.budget.take_chars(letters.chars().count())?;
            if !letters.is_empty() {
                self.separate()?;
                self.text.push_str(&letters);
            }
            self.pen += width / 1000.0 * self.size;
            self.pen += count as f32 * self.letter_spacing + spaces as f32 * self.word_spacing;
            if !letters.is_empty() {
                self.end = Some(self.position());
            }
        }
        Ok(())
    }

    /// The whole text, with hyphenated words joined.
    pub(super) fn finish(self) -> String {
        let mut text = String::with_capacity(self.text.len() + 2);
        let mut lines = self.text.lines().map(str::trim_end).peekable();
        while let Some(line) = lines.next() {
            let continues = lines.peek().is_some_and(|next| next.starts_with(char::is_lowercase));
            match line.strip_suffix(['-', '\u{ad}', '\u{2010}']) {
                Some(begun) if continues && begun.ends_with(char::is_alphabetic) => text.push_str(begun),
                _ => {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        for (ligature, letters) in
            [("ﬀ", "ff"), ("ﬁ", "fi"), ("ﬂ", "fl"), ("ﬃ", "ffi"), ("ﬄ", "ffl"), ("ﬅ", "st"), ("ﬆ", "st")]
        {
            if text.contains(ligature) {
                text = text.replace(ligature, letters);
            }
        }
        text
    }

    fn begin_line(&mut self, line: Matrix) {
        (self.line, self.pen) = (line, 0.0);
    }

    fn begin_next_line(&mut self) {
        self.begin_line(product([1.0, 0.0, 0.0, 1.0, 0.0, -self.leading], self.line));
    }

    /// The pen's position on the page.
    fn position(&self) -> (f32, f32) {
        let [.., x, y] = product([1.0, 0.0, 0.0, 1.0, self.pen, 0.0], product(self.line, self.page));
        (x, y)
    }

    /// Appends the separator that the distance between the last letter and the next one implies.
    fn separate(&mut self) -> Result<(), PdfError> {
        let Some((before_x, before_y)) = self.end else { return Ok(()) };
        let [a, b, c, d, ..] = product(self.line, self.page);
        let (x, y) = self.position();
        let (right, down) = (x - before_x, y - before_y);
        let along = (a * right + b * down) / a.hypot(b).max(f32::MIN_POSITIVE);
        let across = (a * down - b * right) / a.hypot(b).max(f32::MIN_POSITIVE);
        let size = (self.size.abs() * c.hypot(d)).max(f32::MIN_POSITIVE);
        let mark = match (across.abs() / size, along / size) {
            (step, _) if step > MIN_PARAGRAPH_STEP => "\n\n",
            (step, _) if step > MIN_LINE_STEP => "\n",
            (_, gap) if !(-1.0..=MIN_SPACE).contains(&gap) => " ",
            _ => return Ok(()),
        };
        let is_separated = self.text.ends_with(['\n', ' ']);
        match mark {
            " " if is_separated => {}
            "\n" if self.text.ends_with('\n') => {}
            mark => {
                self.budget.take_chars(mark.len())?;
                self.text.push_str(mark);
            }
        }
        Ok(())
    }
}

/// The combination of two transformations, the first one applied first.
fn product(first: Matrix, then: Matrix) -> Matrix {
    let [a, b, c, d, e, f] = first;
    let [ta, tb, tc, td, te, tf] = then;
    [a * ta + b * tc, a * tb + b * td, c * ta + d * tc, c * tb + d * td, e * ta + f * tc + te, e * tb + f * td + tf]
}
