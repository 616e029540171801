//! The categories of conversations: their emojis, their descriptions, and the choice among them by words.

use schemas::conversation::ConversationCategory::{self, *};

use super::FolderChoice;
use crate::{stemming::terms, words};

/// Every category with its emoji and a description of its subjects.
pub const CATEGORIES: [(ConversationCategory, &str, &str); 33] = [
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

/// Categories that belong in folders with one of these words in their name.
const FOLDER_NAMES: &[(&[ConversationCategory], &[&str])] = &[
    (&[Work, Business, Entrepreneurship, Legal], &["work", "business", "job", "career", "office"]),
    (&[Health, Psychology, Sports], &["health", "fitness", "wellness", "medical"]),
    (&[Finance, Economics], &["finance", "money", "finances", "budget"]),
    (&[Education, Science, Literature, History], &["education", "learning", "school", "study", "studies"]),
    (&[Travel], &["travel", "trips", "vacation"]),
    (&[Technology], &["technology", "tech", "coding"]),
    (&[Family, Parenting], &["family", "kids", "home"]),
    (&[Entertainment, Music, Sports, Literature], &["entertainment", "fun"]),
    (&[Social, Romantic], &["social", "friends"]),
    (&[Personal, Inspiration, Spiritual, Family, Parenting, Romantic], &["personal", "private", "life"]),
];

/// The emoji of a category.
pub fn emoji(category: ConversationCategory) -> &'static str {
    CATEGORIES.iter().find(|row| row.0 == category).map_or("💬", |row| row.1)
}

/// The category whose description shares most terms with a text.
pub fn category_by_words(text: &str) -> ConversationCategory {
    let own = terms(text);
    let shared = |row: &(ConversationCategory, &str, &str)| {
        let described = terms(row.2);
        own.iter().filter(|term| described.contains(term)).count()
    };
    // Among equals, the first one wins.
    let best = CATEGORIES.iter().rev().max_by_key(|row| shared(row));
    best.filter(|row| shared(row) > 0).map_or(Other, |row| row.0)
}

/// The folder that is named after a category, or after its kind.
pub fn folder_by_category(folders: &[FolderChoice], category: ConversationCategory) -> Option<&FolderChoice> {
    let own = format!("{category:?}").to_lowercase();
    let kinds = FOLDER_NAMES.iter().filter(|(categories, _)| categories.contains(&category));
    let names = kinds.flat_map(|(_, names)| names.iter().copied());
    let has = |folder: &FolderChoice, name: &str| words::tokenize(&folder.name).iter().any(|word| word == name);
    let named = |name: &str| folders.iter().find(|folder| has(folder, name));
    if category == Other { None } else { named(&own).or_else(|| names.into_iter().find_map(named)) }
}
