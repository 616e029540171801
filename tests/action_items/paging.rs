//! Pages: full, without gap or repetition, by offset and by cursor, across equal due dates.

use serde_json::json;

use crate::support::{
    json::column,
    server::{Caller, Server, TestUser},
};

/// Who reads a list, its path, and the field that holds it where it is no bare list.
type List = (fn(&TestUser) -> Caller, &'static str, Option<&'static str>);

const LISTS: [List; 3] = [
    (TestUser::app, "/v1/action-items", Some("action_items")),
    (TestUser::developer, "/v1/dev/user/action-items", None),
    (TestUser::mcp, "/v1/mcp/action-items", None),
];

/// A user with 41 items, most of which share their due date with others: their ids in the order of the list.
async fn many(server: &Server) -> (TestUser, Vec<String>) {
    let user = server.user().await;
    let item = |place: u32| {
        let due_at = (!place.is_multiple_of(4)).then(|| format!("2031-01-0{}", 1 + place % 3));
        json!({ "description": format!("Task {place}"), "due_at": due_at, "completed": place.is_multiple_of(5) })
    };
    let items: Vec<_> = (0..41).map(item).collect();
    user.app().post("/v1/action-items/batch", json!(items)).await.ok();
    let ids = user.app().get("/v1/action-items/ids").await.ok();
    let ids = ids["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    (user, ids)
}

#[tokio::test]
async fn offsets_and_cursors_give_every_item_once_in_full_pages() {
    let (user, all) = many(Server::shared().await).await;
    assert_eq!(all.len(), 41);
    for (caller, path, field) in LISTS {
        let page = async |query: String| {
            let answer = caller(&user).get(&format!("{path}?{query}")).await;
            let next = answer.header("X-Next-Cursor").to_owned();
            let body = answer.ok();
            let rows = field.map_or(&body, |field| &body[field]);
            (column(rows, "id").into_iter().map(str::to_owned).collect::<Vec<_>>(), next)
        };
        let mut seen = Vec::new();
        for offset in (0..41).step_by(6) {
            let (ids, _) = page(format!("limit=6&offset={offset}")).await;
            assert_eq!(ids.len(), (41 - offset).min(6), "{path} from {offset}");
            seen.extend(ids);
        }
        assert_eq!(seen, all, "{path} by offset");
        for limit in [1, 7, 40, 41] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let (ids, next) = page(format!("limit={limit}{cursor}")).await;
                assert_eq!(ids.len(), (41 - seen.len()).min(limit), "{path} by {limit}");
                seen.extend(ids);
                if next.is_empty() {
                    break;
                }
                cursor = format!("&cursor={next}");
            }
            assert_eq!(seen, all, "{path} by {limit}");
        }
        for (query, count) in [("limit=0", 1), ("limit=-1", 1), ("limit=5000", 41), ("limit=2&offset=40", 1)] {
            assert_eq!(page(query.into()).await.0.len(), count, "{path}?{query}");
        }
    }
}

#[tokio::test]
async fn a_cursor_is_bound_to_its_list_and_user() {
    let server = Server::shared().await;
    let ((ann, _), (bob, _)) = (many(server).await, many(server).await);
    for (caller, path, _) in LISTS {
        let cursor = caller(&ann).get(&format!("{path}?limit=3")).await.header("X-Next-Cursor").to_owned();
        caller(&ann).get(&format!("{path}?limit=9&cursor={cursor}")).await.ok();
        caller(&bob).get(&format!("{path}?cursor={cursor}")).await.refused(400, "Invalid cursor");
        for other in ["completed=false", "due_start_date=2020-01-01", "updated_since=2020-01-01"] {
            let refused = caller(&ann).get(&format!("{path}?{other}&cursor={cursor}")).await;
            refused.refused(400, "Invalid cursor");
        }
        for nonsense in ["x", "e30", &cursor[1..]] {
            caller(&ann).get(&format!("{path}?cursor={nonsense}")).await.refused(400, "Invalid cursor");
        }
        let both = caller(&ann).get(&format!("{path}?offset=1&cursor={cursor}")).await;
        both.refused(400, "cursor and offset cannot be used together");
    }
    let memories = ann.mcp().get("/v1/mcp/memories?limit=1").await;
    assert_eq!(memories.header("X-Next-Cursor"), "");
}
