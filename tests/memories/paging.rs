//! Paging by offset and by cursor, without gaps or duplicates; cursors of other users.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use resources::memories::NewMemory;
use schemas::memory::{MemoryCategory, Provenance, Visibility};

use crate::support::{
    json::column,
    server::{Caller, Server, TestUser, on_runtime},
};

/// The caller of a list, its path, and the header that carries its cursor.
type List = (fn(&TestUser) -> Caller, &'static str, &'static str);

/// Every list of memories.
const LISTS: [List; 4] = [
    (TestUser::app, "/v3/memories", "X-Omi-Memory-Next-Cursor"),
    (TestUser::developer, "/v1/dev/user/memories", "X-Next-Cursor"),
    (TestUser::developer, "/v1/dev/user/user/memories", "X-Next-Cursor"),
    (TestUser::mcp, "/v1/mcp/memories", "X-Next-Cursor"),
];

const SORTS: [&str; 4] = ["scoring_desc", "created_desc", "updated_desc", "manual_first"];

/// A user with 47 memories, of which every third is rejected and most share their times with others; and the rest's
/// ids, in no order.
async fn many(server: &'static Server) -> (TestUser, Vec<String>) {
    let user = server.user().await;
    let id = user.id.clone();
    let left = on_runtime(async move {
        let memories = server.resources.memories(&id);
        let now = resources::now();
        let new = (0..47).map(|place| NewMemory {
            content: format!("Fact number {place}"),
            category: if place % 2 == 0 { MemoryCategory::System } else { MemoryCategory::Work },
            visibility: Visibility::Private,
            tags: Vec::new(),
            provenance: Provenance { face: "import".into(), ..Provenance::default() },
            created_at: now - chrono::TimeDelta::seconds(place / 20),
            written_at: now - chrono::TimeDelta::seconds(place / 20),
        });
        let mut left = Vec::new();
        for (place, written) in memories.create(new.collect()).await.unwrap().into_iter().enumerate() {
            let id = written.memory.id;
            if place % 3 == 0 {
                let change = resources::memories::MemoryChange { review: Some(false), ..Default::default() };
                memories.change(&id, change, written.memory.provenance).await.unwrap();
            } else {
                left.push(id);
            }
        }
        left
    })
    .await;
    (user, left)
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn offsets_give_every_memory_once_in_full_pages() {
    let (user, left) = many(Server::shared().await).await;
    for (caller, path, _) in LISTS {
        for sort in SORTS {
            let mut seen: Vec<String> = Vec::new();
            for offset in (0..left.len()).step_by(7) {
                let page = caller(&user).get(&format!("{path}?sort={sort}&limit=7&offset={offset}")).await.ok();
                let ids = column(&page, "id");
                assert_eq!(ids.len(), (left.len() - offset).min(7), "{path} {sort} from {offset}");
                seen.extend(ids.into_iter().map(str::to_owned));
            }
            assert_eq!(sorted(seen), sorted(left.clone()), "{path} {sort}");
        }
    }
}

#[tokio::test]
async fn cursors_give_every_memory_once_in_full_pages() {
    let (user, left) = many(Server::shared().await).await;
    for (caller, path, header) in LISTS {
        for (sort, limit) in SORTS.iter().flat_map(|sort| [(sort, 1), (sort, 4), (sort, 30)]) {
            let (mut seen, mut cursor) = (Vec::<String>::new(), String::new());
            loop {
                let query = format!("sort={sort}&limit={limit}{cursor}");
                let answer = caller(&user).get(&format!("{path}?{query}")).await;
                let next = answer.header(header).to_owned();
                let page = answer.ok();
                let ids = column(&page, "id");
                assert_eq!(ids.len(), (left.len() - seen.len()).min(limit), "{path}?{query}");
                seen.extend(ids.into_iter().map(str::to_owned));
                if next.is_empty() {
                    break;
                }
                cursor = format!("&cursor={next}");
            }
            assert_eq!(sorted(seen), sorted(left.clone()), "{path} {sort} by {limit}");
        }
    }
}

#[tokio::test]
async fn a_page_that_ends_with_the_list_has_no_cursor() {
    let (user, left) = many(Server::shared().await).await;
    let answer = user.developer().get(&format!("/v1/dev/user/memories?limit={}", left.len())).await;
    assert_eq!(answer.header("X-Next-Cursor"), "");
    let answer = user.developer().get(&format!("/v1/dev/user/memories?limit={}", left.len() - 1)).await;
    assert_ne!(answer.header("X-Next-Cursor"), "");
}

#[tokio::test]
async fn foreign_and_altered_cursors_are_refused() {
    let server = Server::shared().await;
    let ((ann, _), (bob, _)) = (many(server).await, many(server).await);
    for (caller, path, header) in LISTS {
        let answer = caller(&ann).get(&format!("{path}?limit=3&sort=created_desc")).await;
        let cursor = answer.header(header);
        let with = |cursor: &str| format!("{path}?limit=3&sort=created_desc&cursor={cursor}");
        caller(&ann).get(&with(cursor)).await.ok();
        caller(&bob).get(&with(cursor)).await.refused(400, "Invalid cursor");
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap();
        let year = &text[text.find("20").unwrap()..][..4];
        let altered = [
            text.replacen(year, "1999", 1),
            text.replacen(year, "late", 1),
            text.replacen("\"seen\":", "\"seen\":1", 1),
            text.replacen("\"of\":", "\"of\":1", 1),
        ];
        for altered in altered.map(|text| URL_SAFE_NO_PAD.encode(text)) {
            caller(&ann).get(&with(&altered)).await.refused(400, "Invalid cursor");
        }
        for nonsense in ["x", "e30", "null", "%22", &cursor[1..], &cursor[..cursor.len() - 2]] {
            caller(&ann).get(&with(nonsense)).await.refused(400, "Invalid cursor");
        }
        for other in ["sort=updated_desc", "sort=created_desc&categories=work", "sort=created_desc&reviewed=true"] {
            let answer = caller(&ann).get(&format!("{path}?{other}&cursor={cursor}")).await;
            answer.refused(400, "Invalid cursor");
        }
        let both = caller(&ann).get(&format!("{}&offset=1", with(cursor))).await;
        both.refused(400, "cursor and offset cannot be used together");
    }
}
