//! Every step is idempotent.

use resources::{
    action_items::NewActionItem,
    jobs::{JobState, ProcessMode},
    memories::{MemoryChange, NewMemory},
};
use schemas::{
    conversation::ConversationStatus,
    memory::{MemoryCategory, Provenance, TagsMatch, Visibility},
};
use serde_json::json;
use tools::processing::{self, Outcome};

use super::support::{ABOUT, Setup, model_answer, say};
use crate::support::{model::Act, server::on_runtime};

fn memory(content: &str, segments: &[&str]) -> NewMemory {
    NewMemory {
        content: content.into(),
        category: MemoryCategory::System,
        visibility: Visibility::Private,
        tags: Vec::new(),
        provenance: Provenance {
            face: "processing".into(),
            segment_ids: segments.iter().map(|id| (*id).to_owned()).collect(),
            ..Provenance::default()
        },
        created_at: resources::now(),
        written_at: resources::now(),
    }
}

#[tokio::test]
async fn to_understand_twice_changes_nothing() {
    on_runtime(async {
        let setup = Setup::with([say(model_answer(json!({})))]).await;
        let id = setup.add_conversation(&[ABOUT, "I have forty hives."]).await;
        setup.run(&id).await;
        let (conversation, items, memories) =
            (setup.conversation(&id).await, setup.items().await, setup.memories().await);
        processing::queue(&setup.resources, &setup.user, &id, ProcessMode::Automatic).await.unwrap();
        assert_eq!(setup.run(&id).await, Outcome::Completed);
        assert_eq!((setup.items().await, setup.memories().await), (items, memories));
        let again = setup.conversation(&id).await;
        assert_eq!(schemas::conversation::Conversation { updated_at: conversation.updated_at, ..again }, conversation);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_was_cut_off_between_its_steps_is_run_again() {
    on_runtime(async {
        for steps in 0..3 {
            let setup = Setup::with([say(model_answer(json!({})))]).await;
            let id = setup.add_conversation(&[ABOUT, "I have forty hives."]).await;
            let job = setup.resources.jobs(&setup.user).claim(&id).await.unwrap().unwrap();
            let now = resources::now();
            if steps > 0 {
                let items = [
                    NewActionItem::new("Send Bo the labels", Provenance::default(), now),
                    NewActionItem::new("Heard otherwise the first time", Provenance::default(), now),
                ];
                setup.resources.action_items(&setup.user).replace_extracted(&id, &items).await.unwrap();
            }
            if steps > 1 {
                let memories = [memory("Ana keeps forty hives.", &["s1"]), memory("Ana keeps fourteen hives.", &[])];
                setup.resources.memories(&setup.user).replace_extracted(&id, &memories).await.unwrap();
            }
            assert_eq!(
                (job.state, setup.conversation(&id).await.status),
                (JobState::Running, ConversationStatus::Processing)
            );
            setup.resources.job_queue.release_all().await.unwrap();
            assert_eq!(setup.run(&id).await, Outcome::Completed);
            let items: Vec<_> = setup.items().await.into_iter().map(|item| item.description).collect();
            assert_eq!(items, ["Send Bo the labels"]);
            let memories = setup.memories().await;
            assert_eq!(memories.len(), 1);
            assert_eq!(memories[0].content, "Ana keeps forty hives.");
            assert_eq!(memories[0].provenance.segment_ids, ["s2", "s1"]);
        }
    })
    .await;
}

#[tokio::test]
async fn memories_that_the_user_has_made_their_own_stay() {
    on_runtime(async {
        let setup = Setup::alone().await;
        let memories = setup.resources.memories(&setup.user);
        let by = Provenance { face: "app".into(), ..Provenance::default() };
        let by_hand = NewMemory { provenance: by.clone(), ..memory("Ana has a dog.", &[]) };
        memories.create(vec![by_hand]).await.unwrap();
        let drawn = ["Ana has a dog.", "Ana has a cat.", "Ana has a hen.", "Ana has a cow.", "Ana has a pig."];
        let drawn: Vec<NewMemory> = drawn.iter().map(|content| memory(content, &["s1"])).collect();
        memories.replace_extracted("c1", &drawn).await.unwrap();
        let listed = setup.memories().await;
        let id = |animal: &str| listed.iter().find(|memory| memory.content.contains(animal)).unwrap().id.clone();
        let edit = MemoryChange { content: Some("Ana had a cat.".into()), ..MemoryChange::default() };
        memories.change(&id("cat"), edit, by.clone()).await.unwrap();
        memories
            .change(&id("hen"), MemoryChange { review: Some(true), ..MemoryChange::default() }, by.clone())
            .await
            .unwrap();
        memories
            .change(&id("pig"), MemoryChange { review: Some(false), ..MemoryChange::default() }, by.clone())
            .await
            .unwrap();

        memories.replace_extracted("c1", &drawn).await.unwrap();
        let contents = |listed: Vec<schemas::memory::Memory>| -> Vec<String> {
            listed.into_iter().map(|memory| memory.content).collect()
        };
        let all = ["Ana had a cat.", "Ana has a cow.", "Ana has a dog.", "Ana has a hen."];
        assert_eq!(contents(setup.memories().await), all);
        memories.replace_extracted("c2", &drawn).await.unwrap();
        assert_eq!(contents(setup.memories().await), all, "another conversation says nothing new");
        memories.delete_of_conversation("c2").await.unwrap();
        assert_eq!(contents(setup.memories().await), all);
        memories.replace_extracted("c1", &[]).await.unwrap();
        assert_eq!(contents(setup.memories().await), ["Ana had a cat.", "Ana has a dog.", "Ana has a hen."]);
        let search = resources::memories::Search {
            query: "cow",
            categories: &[],
            tags: &[],
            tags_match: TagsMatch::All,
            after: None,
            before: None,
            limit: 10,
        };
        let found = memories.search(&search).await.unwrap();
        assert!(found.iter().all(|(memory, _)| memory.content != "Ana has a cow."), "nobody finds it any longer");
        let rejected = memories.get(&id("pig")).await.unwrap().unwrap();
        assert_eq!(rejected.user_review, Some(false), "what was rejected does not come back");
        memories.delete_of_conversation("c1").await.unwrap();
        assert_eq!(contents(setup.memories().await), ["Ana has a dog."], "deletion covers all of the conversation");
    })
    .await;
}

#[tokio::test]
async fn a_conversation_deleted_meanwhile_leaves_nothing() {
    on_runtime(async {
        let setup = Setup::with([Act::Later(1), say(model_answer(json!({})))]).await;
        let id = setup.add_conversation(&[ABOUT]).await;
        let delete = async {
            while setup.request_count() == 0 {
                tokio::task::yield_now().await;
            }
            assert!(setup.resources.conversations(&setup.user).delete(&id).await.unwrap());
        };
        let (outcome, ()) = tokio::join!(setup.run(&id), delete);
        assert_eq!(outcome, Outcome::Idle);
        assert!(setup.items().await.is_empty() && setup.memories().await.is_empty());
        assert_eq!(setup.resources.jobs(&setup.user).get(&id).await.unwrap(), None);
        assert!(!processing::queue(&setup.resources, &setup.user, &id, ProcessMode::Automatic).await.unwrap());
    })
    .await;
}
