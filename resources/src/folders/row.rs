//! How folders lie in the database, and which ones every user begins with.

use chrono::{DateTime, Utc};
use schemas::folder::Folder;
use surrealdb::types::SurrealValue;

use super::NewFolder;

/// A row of `folder`.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct FolderRow {
    pub(super) fid: String,
    pub(super) user: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) color: String,
    pub(super) icon: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    /// Its place in lists; `order` is a word of the query language.
    pub(super) place: i64,
    pub(super) is_default: bool,
    pub(super) is_system: bool,
}

/// The id of the folder for conversations that belong in no other one.
pub(super) const DEFAULT: &str = "other";

const GREY: &str = "#6B7280";

/// The folders that every user begins with: id, name, description, colour, icon.
const DEFAULT_FOLDERS: [(&str, &str, &str, &str, &str); 10] = [
    ("personal", "Personal", "Family, friends, home and one's own life", "#8B5CF6", "🏠"),
    ("work", "Work", "Jobs, colleagues, meetings, business and legal matters", "#3B82F6", "💼"),
    ("health", "Health", "Body and mind: doctors, sport, food, sleep", "#10B981", "🏥"),
    ("education", "Education", "Learning: schools, courses, science and books", "#F59E0B", "📚"),
    ("finance", "Finance", "Money: banks, taxes, insurance, prices and investments", "#22C55E", "💰"),
    ("travel", "Travel", "Journeys: plans, bookings and places", "#06B6D4", "🧳"),
    ("social", "Social", "Parties, clubs, neighbours and other gatherings", "#EC4899", "👥"),
    ("technology", "Technology", "Computers, programming, devices and how things work", "#6366F1", "💻"),
    ("entertainment", "Entertainment", "Films, music, games, news and sports that are watched", "#F43F5E", "🎬"),
    (DEFAULT, "Other", "Whatever fits no other folder", GREY, "📁"),
];

impl FolderRow {
    pub(super) fn new(user: &str, new: NewFolder) -> Self {
        let now = crate::now();
        Self {
            fid: crate::new_id(),
            user: user.to_owned(),
            name: new.name,
            description: new.description,
            color: new.color.unwrap_or_else(|| GREY.to_owned()),
            icon: new.icon.unwrap_or_else(|| "📁".to_owned()),
            created_at: now,
            updated_at: now,
            place: 0,
            is_default: false,
            is_system: false,
        }
    }

    /// The row of a folder that was made elsewhere.
    pub(super) fn of(user: &str, folder: Folder) -> Self {
        Self {
            fid: folder.id,
            user: user.to_owned(),
            name: folder.name,
            description: folder.description,
            color: folder.color,
            icon: folder.icon,
            created_at: folder.created_at,
            updated_at: folder.updated_at,
            place: folder.order,
            is_default: folder.is_default,
            is_system: folder.is_system,
        }
    }

    /// The rows of the default folders.
    pub(super) fn defaults(user: &str) -> Vec<Self> {
        let now = crate::now();
        let row = |(place, (id, name, description, color, icon)): (i64, (&str, &str, &str, &str, &str))| Self {
            fid: id.to_owned(),
            user: user.to_owned(),
            name: name.to_owned(),
            description: Some(description.to_owned()),
            color: color.to_owned(),
            icon: icon.to_owned(),
            created_at: now,
            updated_at: now,
            place,
            is_default: id == DEFAULT,
            is_system: true,
        };
        (0i64..).zip(DEFAULT_FOLDERS).map(row).collect()
    }
}

/// A folder without the count of its conversations.
impl From<FolderRow> for Folder {
    fn from(row: FolderRow) -> Self {
        Self {
            category_mapping: row.is_system.then(|| row.fid.clone()),
            id: row.fid,
            name: row.name,
            description: row.description,
            color: row.color,
            icon: row.icon,
            created_at: row.created_at,
            updated_at: row.updated_at,
            order: row.place,
            is_default: row.is_default,
            is_system: row.is_system,
            conversation_count: 0,
        }
    }
}
