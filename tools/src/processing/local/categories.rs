//! What a conversation is about, in one word, and the emoji for it.

use resources::Embedder;
use schemas::conversation::ConversationCategory::{self, *};
use tokio::sync::OnceCell;

use super::{
    embed,
    outline::{Outline, dot},
    words,
};
use crate::Result;

/// Every category with its emoji and what is talked about there.
const TABLE: [(ConversationCategory, &str, &str); 33] = [
    (Personal, "🧠", "personal life, daily routine, self-care, hobbies, pets, cooking, recipes, baking, food, home"),
    (Education, "🎓", "school, university, studying, exams, homework, teachers, students, courses, lessons"),
    (Health, "🩺", "health, doctor, dentist, hospital, medicine, symptoms, illness, diet, sleep, fitness, exercise"),
    (Finance, "💰", "money, bank, budget, savings, loan, mortgage, taxes, bills, investment, stocks, insurance"),
    (Legal, "⚖️", "law, lawyer, contract, court, lawsuit, rights, legal documents, attorney, agreement"),
    (Philosophy, "🤔", "philosophy, meaning of life, ethics, consciousness, free will, truth, morality"),
    (Spiritual, "🙏", "religion, faith, God, prayer, church, meditation, spirituality, soul, worship"),
    (Science, "🔬", "science, physics, biology, chemistry, research, experiment, astronomy, space, theory"),
    (Entrepreneurship, "🚀", "startup, founder, raising money from investors, launching a company, own business"),
    (Parenting, "🍼", "raising children, baby, toddler, parenting, school run, bedtime, diapers, my kid's behaviour"),
    (Romantic, "❤️", "love, dating, boyfriend, girlfriend, relationship, wedding, engagement, anniversary, romance"),
    (Travel, "✈️", "travel, trip, vacation, flight, hotel, airport, road trip, abroad, sightseeing, camping"),
    (Inspiration, "✨", "inspiration, motivation, dreams, courage, never giving up, believing in yourself"),
    (Technology, "💻", "technology, computer, software, programming, code, app, phone, artificial intelligence"),
    (Business, "📈", "business, customers, sales, marketing, revenue, store, company strategy, market, negotiation"),
    (Social, "👥", "friends, party, meeting people, going out, gathering, neighbours, community, support group"),
    (Work, "💼", "work, job, office, meeting, project, deadline, colleague, boss, report, task, client, career"),
    (Sports, "🏅", "sports, football, basketball, game, player, teammates, season, training, running race"),
    (Politics, "🏛️", "politics, election, government, president, parliament, policy, vote, party, minister"),
    (Literature, "📚", "books, novel, reading, author, poetry, writing stories, library, literature, screenplay"),
    (History, "📜", "history, ancient times, war, empire, historical events, centuries, museum, past civilisations"),
    (Architecture, "🏗️", "architecture, buildings, construction, architect, skyscraper, facade, floor plan"),
    (Music, "🎵", "music, song, band, concert, guitar, piano, singing, album, instrument, playlist, festival"),
    (Weather, "🌦️", "weather, rain, snow, storm, forecast, temperature, sunny, wind, heat wave"),
    (News, "📰", "news, headlines, current events, journalist, newspaper, breaking news, report on television"),
    (Entertainment, "🎬", "movies, film, television series, video games, gaming, show, actor, comedy, streaming"),
    (Psychology, "🛋️", "psychology, therapy, mental health, anxiety, depression, stress, counselling, emotions"),
    (Real, "🏠", "real estate, buying a house, renting an apartment, landlord, moving house, property, viewing"),
    (Design, "🎨", "design, art, painting, drawing, pottery, fashion, graphic design, colours, logo, interface"),
    (Family, "👨‍👩‍👧", "family, mother, father, sister, brother, grandparents, kids, family dinner, relatives"),
    (Economics, "📊", "economics, inflation, economy, interest rates, trade, unemployment, growth"),
    (Environment, "🌱", "environment, climate change, nature, recycling, pollution, animals, forest, garden"),
    (Other, "💬", ""),
];

/// How near a conversation must be to a category, by the cosine of their vectors.
const NEAR: f32 = 0.15;

/// What a word of the description counts that comes up, by its weight, and what all of them count at most.
const WORDS: f32 = 0.03;
const MOST_WORDS: f32 = 0.25;

/// Categories of how people feel about things, which is near to all that they say with feeling, and what that counts.
const MOODS: &[ConversationCategory] = &[Inspiration, Romantic, Spiritual, Personal, Parenting];
const MOOD: f32 = 0.06;

/// The emoji of a category.
pub(super) fn emoji(category: ConversationCategory) -> &'static str {
    TABLE.iter().find(|row| row.0 == category).map_or("💬", |row| row.1)
}

/// The vectors of the descriptions, and the model that they are of.
struct Known {
    model: String,
    vectors: Vec<Vec<f32>>,
}

static KNOWN: OnceCell<Known> = OnceCell::const_new();

/// The category that is nearest to a conversation by what it means and by its words.
pub(super) async fn nearest(meaning: &[f32], outline: &Outline, embedder: &Embedder) -> Result<ConversationCategory> {
    let model = embedder.identity().unwrap_or_default();
    let known = KNOWN.get_or_try_init(|| describe(embedder)).await?;
    let other;
    let known = if known.model == model {
        known
    } else {
        other = describe(embedder).await?;
        &other
    };
    let near = TABLE.iter().zip(&known.vectors).map(|(row, vector)| {
        let words = (outline.weight(row.2) * WORDS).min(MOST_WORDS);
        let mood = if MOODS.contains(&row.0) { MOOD } else { 0.0 };
        (row.0, dot(meaning, vector) + words - mood)
    });
    let best = near.filter(|(category, _)| *category != Other).max_by(|(_, a), (_, b)| a.total_cmp(b));
    Ok(best.filter(|(_, near)| *near >= NEAR).map_or(Other, |(category, _)| category))
}

async fn describe(embedder: &Embedder) -> Result<Known> {
    let texts = TABLE.iter().map(|row| row.2.to_owned()).collect();
    let mut vectors = embed(embedder, texts).await?.unwrap_or_default();
    // What all descriptions have in common tells nothing of any.
    let count = vectors.len().max(1) as f32;
    let mut mean = vec![0.0; vectors.first().map_or(0, Vec::len)];
    vectors.iter().for_each(|vector| mean.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value / count));
    for vector in &mut vectors {
        vector.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= mean);
        let length = dot(vector, vector).sqrt().max(f32::EPSILON);
        vector.iter_mut().for_each(|value| *value /= length);
    }
    Ok(Known { model: embedder.identity().unwrap_or_default().to_owned(), vectors })
}

/// The category whose description shares most words with a text.
pub(super) fn by_words(text: &str) -> ConversationCategory {
    let terms = words::terms(text);
    let shared = |row: &(ConversationCategory, &str, &str)| {
        let described = words::terms(row.2);
        terms.iter().filter(|term| described.contains(term)).count()
    };
    // Of equals, the first in the table.
    let best = TABLE.iter().rev().max_by_key(|row| shared(row));
    best.filter(|row| shared(row) > 0).map_or(Other, |row| row.0)
}
