//! Where a page of a list ends that is sorted by a rank.

use serde::{Deserialize, Serialize};

/// Where a page ended: the last rank, and how many rows with just that rank were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The rank, which ascends along the list.
    pub rank: i64,
    /// How many rows with that rank came already.
    pub seen: u32,
}

impl Position {
    /// Where a page ends whose rows have these ranks, having begun at `before`; `None` for an empty page.
    pub fn after(ranks: impl DoubleEndedIterator<Item = i64> + Clone, before: Option<Position>) -> Option<Self> {
        let rank = ranks.clone().next_back()?;
        let alike = ranks.clone().rev().take_while(|other| *other == rank).count();
        let is_whole_page = alike == ranks.count();
        let earlier = before.filter(|position| position.rank == rank && is_whole_page);
        Some(Self { rank, seen: alike as u32 + earlier.map_or(0, |position| position.seen) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_rank_are_counted_across_pages() {
        let first = Position::after([1, 2, 2].into_iter(), None).unwrap();
        assert_eq!(first, Position { rank: 2, seen: 2 });
        let second = Position::after([2, 2, 2].into_iter(), Some(first)).unwrap();
        assert_eq!(second, Position { rank: 2, seen: 5 });
        assert_eq!(Position::after([2, 3].into_iter(), Some(second)), Some(Position { rank: 3, seen: 1 }));
        assert_eq!(Position::after([].into_iter(), Some(second)), None);
    }
}
