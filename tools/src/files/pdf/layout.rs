//! Where text stands on a page, and therefore where its words and lines end: a PDF places letters and does not say so.

use super::font::Font;

/// Turns, stretches and moves: the six numbers that PDFs write.
type Matrix = [f32; 6];

const NOTHING: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// How many graphics states may be put aside.
const DEEPEST: usize = 256;

/// A gap as wide as this is a space, in sizes of the font.
const SPACE: f32 = 0.15;

/// A step down as high as this is another line, and as this another paragraph.
const LINE: f32 = 0.4;
const PARAGRAPH: f32 = 1.9;

/// Text as it is shown, one piece behind the other.
pub(super) struct Layout<'a> {
    text: String,
    /// The state of the page: put aside by `q` and taken back by `Q`.
    page: Matrix,
    aside: Vec<Matrix>,
    /// Where the line at hand begins, and how far along it the pen has moved.
    line: Matrix,
    pen: f32,
    font: Option<&'a Font<'a>>,
    size: f32,
    leading: f32,
    letter_spacing: f32,
    word_spacing: f32,
    /// Where the last letter ended.
    end: Option<(f32, f32)>,
}

impl Default for Layout<'_> {
    fn default() -> Self {
        Self {
            text: String::new(),
            page: NOTHING,
            aside: Vec::new(),
            line: NOTHING,
            pen: 0.0,
            font: None,
            size: 1.0,
            leading: 0.0,
            letter_spacing: 0.0,
            word_spacing: 0.0,
            end: None,
        }
    }
}

impl<'a> Layout<'a> {
    pub(super) fn set_font(&mut self, font: Option<&'a Font<'a>>, size: f32) {
        (self.font, self.size) = (font, size);
    }

    /// Takes a step that shows nothing.
    pub(super) fn step(&mut self, operator: &str, numbers: &[f32]) {
        match (operator, numbers) {
            ("BT", _) => self.begin_line(NOTHING),
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
            ("q", _) if self.aside.len() < DEEPEST => self.aside.push(self.page),
            ("Q", _) => self.page = self.aside.pop().unwrap_or(self.page),
            _ => {}
        }
    }

    /// Moves the pen between two letters, by thousandths of the font's size.
    pub(super) fn shift(&mut self, back: f32) {
        self.pen -= back / 1000.0 * self.size;
    }

    pub(super) fn show_on_next_line(&mut self, codes: &[u8]) {
        self.begin_next_line();
        self.show(codes);
    }

    /// Shows letters where the pen is.
    pub(super) fn show(&mut self, codes: &[u8]) {
        let Some(font) = self.font else { return };
        let (width, count, spaces) = font.measure(codes);
        let shown = font.read(codes);
        if !shown.is_empty() {
            self.separate();
            self.text.push_str(&shown);
        }
        self.pen += width / 1000.0 * self.size;
        self.pen += count as f32 * self.letter_spacing + spaces as f32 * self.word_spacing;
        if !shown.is_empty() {
            self.end = Some(self.position());
        }
    }

    /// The whole text, with words that were broken at the end of a line put together.
    pub(super) fn finish(self) -> String {
        let mut text = String::with_capacity(self.text.len() + 2);
        let mut lines = self.text.lines().map(str::trim_end).peekable();
        while let Some(line) = lines.next() {
            let goes_on = lines.peek().is_some_and(|next| next.starts_with(char::is_lowercase));
            match line.strip_suffix(['-', '\u{ad}', '\u{2010}']) {
                Some(begun) if goes_on && begun.ends_with(char::is_alphabetic) => text.push_str(begun),
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

    /// Where the pen is on the page.
    fn position(&self) -> (f32, f32) {
        let [.., x, y] = product([1.0, 0.0, 0.0, 1.0, self.pen, 0.0], product(self.line, self.page));
        (x, y)
    }

    /// Puts between the last letter and the next what the distance between them means.
    fn separate(&mut self) {
        let Some((before_x, before_y)) = self.end else { return };
        let [a, b, c, d, ..] = product(self.line, self.page);
        let (x, y) = self.position();
        let (right, down) = (x - before_x, y - before_y);
        let along = (a * right + b * down) / a.hypot(b).max(f32::MIN_POSITIVE);
        let across = (a * down - b * right) / a.hypot(b).max(f32::MIN_POSITIVE);
        let size = (self.size.abs() * c.hypot(d)).max(f32::MIN_POSITIVE);
        let mark = match (across.abs() / size, along / size) {
            (step, _) if step > PARAGRAPH => "\n\n",
            (step, _) if step > LINE => "\n",
            (_, gap) if !(-1.0..=SPACE).contains(&gap) => " ",
            _ => return,
        };
        let begins_anew = self.text.ends_with(['\n', ' ']);
        match mark {
            " " if begins_anew => {}
            "\n" if self.text.ends_with('\n') => {}
            mark => self.text.push_str(mark),
        }
    }
}

/// What two changes do together, the first one first.
fn product(first: Matrix, then: Matrix) -> Matrix {
    let [a, b, c, d, e, f] = first;
    let [ta, tb, tc, td, te, tf] = then;
    [a * ta + b * tc, a * tb + b * td, c * ta + d * tc, c * tb + d * td, e * ta + f * tc + te, e * tb + f * td + tf]
}
