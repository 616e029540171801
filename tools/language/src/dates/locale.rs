//! The language and the order of numbers in dates.

use super::{lexicon, words};

/// The order of day and month in a date such as `5/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum DayOrder {
    #[default]
    MonthFirst,
    DayFirst,
}

/// A language whose dates are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Language {
    #[default]
    English,
    German,
    Spanish,
    French,
    Portuguese,
    Italian,
    Dutch,
}

/// Common words of the languages, by which they are told apart.
const COMMON_WORDS: &[(Language, &str)] = &[
    (
        Language::English,
        "the a an i you he she we they it is are was were did do does what when where who how why have has had my your \
         to of in on at with and for about that this will would can next last every day week yesterday today tomorrow",
    ),
    (
        Language::German,
        "der die das den dem ein eine einen ich du er sie wir ihr es ist sind war waren hat habe haben hatte was wann wo \
         wer wie warum mein meine mit und für über dass mir mich muss soll nicht auf am im um von zu bei",
    ),
    (
        Language::Spanish,
        "el la los las un una yo tú él ella nosotros es son fue era qué cuándo dónde quién cómo por que mi con y para \
         sobre tengo hice hizo hemos he ha se me lo del al en de a",
    ),
    (
        Language::French,
        "le la les un une je tu il elle nous vous ils est sont était ai as a avons qu'ai quoi quand où qui comment \
         pourquoi mon ma mes avec et pour sur que ce des du de j'ai qu'est-ce fait dit dois dans en au à",
    ),
    (
        Language::Portuguese,
        "o a os as um uma eu tu ele ela nós é são foi era quê quando onde quem como meu minha com e para sobre que não \
         fiz fez tenho temos do da no na em de ao às",
    ),
    (
        Language::Italian,
        "il lo la i gli le un una io tu lui lei noi è sono era cosa quando dove chi come perché mio mia con e per su che \
         non ho ha abbiamo fatto detto devo del della di in al alle",
    ),
    (
        Language::Dutch,
        "de het een ik jij hij zij wij we is zijn was waren heb heeft hebben had wat wanneer waar wie hoe waarom mijn met \
         en voor over dat dit niet moet ga op om van naar bij",
    ),
];

/// How many words of a text tell its language.
const MAX_WORDS: usize = 60;

impl Language {
    /// The language in whose common words most of a text is written; `None` when two are level.
    fn detect(text: &str) -> Option<Self> {
        let start = text.char_indices().nth(MAX_WORDS * 10).map_or(text, |(end, _)| &text[..end]);
        let words: Vec<String> = words::split(start).into_iter().take(MAX_WORDS).map(|word| word.text).collect();
        let count = |(language, common): &(Self, &str)| {
            let is_common = |word: &&String| common.split_ascii_whitespace().any(|other| other == *word);
            let hits = words.iter().filter(is_common).count() * 2;
            (hits + words.iter().filter(|word| lexicon::is_known(word, *language)).count(), *language)
        };
        let mut counts: Vec<(usize, Self)> = COMMON_WORDS.iter().map(count).collect();
        counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        (counts[0].0 > counts[1].0).then_some(counts[0].1)
    }

    fn of(code: &str) -> Option<Self> {
        Some(match code {
            "en" => Self::English,
            "de" => Self::German,
            "es" => Self::Spanish,
            "fr" => Self::French,
            "pt" => Self::Portuguese,
            "it" => Self::Italian,
            "nl" => Self::Dutch,
            _ => return None,
        })
    }
}

/// The language of a text, and how dates in numbers are written there. By default, English of the United States.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Locale {
    pub(super) language: Language,
    order: DayOrder,
}

impl Locale {
    /// The locale of a language code such as `en-GB` or `de`; English where the dates of a language are not read.
    pub fn new(code: Option<&str>) -> Self {
        let code = code.unwrap_or_default().to_lowercase();
        let mut parts = code.split(['-', '_']);
        let language = parts.next().and_then(Language::of).unwrap_or_default();
        let region = parts.next_back().unwrap_or_default();
        let month_first = language == Language::English && matches!(region, "" | "us" | "ph" | "en");
        Self { language, order: if month_first { DayOrder::MonthFirst } else { DayOrder::DayFirst } }
    }

    /// The locale of a text by somebody whose language has this code: that language, unless the text is clearly in another
    /// one whose dates are read.
    pub fn detect(text: &str, code: Option<&str>) -> Self {
        let set = Self::new(code);
        match Language::detect(text).filter(|language| *language != set.language) {
            Some(Language::English) => Self { language: Language::English, order: set.order },
            Some(language) => Self { language, order: DayOrder::DayFirst },
            None => set,
        }
    }

    /// Whether the language is English.
    pub(super) fn is_english(self) -> bool {
        self.language == Language::English
    }

    pub(super) fn order(self) -> DayOrder {
        self.order
    }
}
