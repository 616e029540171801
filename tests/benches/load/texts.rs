//! Invented memories and questions, the same in every run and never the same twice in one.

/// Makes texts out of a few lists of words.
#[derive(Default)]
pub(crate) struct Texts {
    made: usize,
}

const PEOPLE: &[&str] = &[
    "Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hana", "Ivo", "Jun", "Kaja", "Luis", "Mina", "Noor",
    "Otto", "Priya", "Quinn", "Rosa", "Sven", "Tariq", "Uma", "Viktor", "Wanda", "Xenia", "Yusuf", "Zora",
];
const DEEDS: &[&str] = &[
    "wants to learn",
    "gave up",
    "teaches",
    "is saving money for",
    "dreams of",
    "wrote a long letter about",
    "is allergic to",
    "has started to collect",
    "lost interest in",
    "spends every Sunday on",
    "won a prize for",
    "asked for advice about",
    "plans a trip because of",
    "cannot stand",
    "read three books on",
    "was praised for",
];
const THINGS: &[&str] = &[
    "sourdough bread",
    "the old violin",
    "beekeeping",
    "a second-hand sailing boat",
    "night photography",
    "the Portuguese language",
    "wild mushrooms",
    "marathon training",
    "a garden on the roof",
    "antique maps",
    "peanut butter",
    "ceramic glazes",
    "steam engines",
    "choir rehearsals",
    "board games with dragons",
    "restoring bicycles",
    "the history of lighthouses",
    "origami",
    "spicy noodle soup",
    "chess by post",
    "knitted sweaters",
    "weather balloons",
    "rescue dogs",
    "the family vineyard",
    "stage lighting",
];
const PLACES: &[&str] = &[
    "in Lisbon",
    "at the harbour",
    "near the university",
    "in a village without trains",
    "at the office",
    "on the way to Oslo",
    "in the mountains",
    "at grandmother's house",
    "in Kyoto",
    "by the northern lake",
    "in the new apartment",
    "at the market hall",
    "during the conference in Prague",
    "on the island",
];
const REASONS: &[&str] = &[
    "since the doctor recommended it",
    "although the family is against it",
    "because an old friend insisted",
    "after the accident in spring",
    "to have something quiet in the evening",
    "before the wedding in June",
    "and tells everybody about it",
    "without much success so far",
    "as a present for the neighbours",
    "for the first time in ten years",
    "in spite of the price",
    "and keeps a diary of it",
];

impl Texts {
    /// The next memory: one sentence of twenty words or so.
    pub(crate) fn memory(&mut self) -> String {
        let number = self.next();
        let mut choose = Choice(number);
        format!(
            "{} {} {} {} {}, as noted on page {number}.",
            choose.of(PEOPLE),
            choose.of(DEEDS),
            choose.of(THINGS),
            choose.of(PLACES),
            choose.of(REASONS),
        )
    }

    /// The next question: six to ten words.
    pub(crate) fn question(&mut self) -> String {
        let number = self.next();
        let mut choose = Choice(number);
        match number % 3 {
            0 => format!("who {} {} {number}", choose.of(DEEDS), choose.of(THINGS)),
            1 => format!("what does {} do {} {number}", choose.of(PEOPLE), choose.of(PLACES)),
            _ => format!("{} {} {} {number}", choose.of(PEOPLE), choose.of(THINGS), choose.of(REASONS)),
        }
    }

    fn next(&mut self) -> usize {
        self.made += 1;
        self.made
    }
}

/// Choices that look random and follow from a number alone.
struct Choice(usize);

impl Choice {
    fn of(&mut self, words: &'static [&'static str]) -> &'static str {
        // The multiplier and increment of Knuth's MMIX; the upper bits are the random ones.
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        words[(self.0 >> 33) % words.len()]
    }
}
