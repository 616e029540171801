//! Due dates and recurrences of action items.

use super::*;

#[test]
fn the_same_task_at_another_time_is_another_task() {
    let due = |text: &str| {
        let found = extracted(&[("User", text)], |_| {}).action_items;
        found.into_iter().map(|item| (item.description, local(item.due_at))).collect::<Vec<_>>()
    };
    let item = |due: &str| ("Call Tom".to_owned(), due.to_owned());
    let twice = "I need to call Tom tomorrow. And I need to call Tom on Thursday.";
    assert_eq!(due(twice), [item("2026-05-09 23:59"), item("2026-05-14 23:59")]);
    assert_eq!(due("I need to call Tom tomorrow. I have to call Tom on Saturday."), [item("2026-05-09 23:59")]);
    assert_eq!(due("I need to call Tom. I have to call Tom tomorrow."), [item("2026-05-09 23:59")]);
    let open = |due_at| [OpenItem { description: "Call Tom".to_owned(), due_at }];
    let segments = [segment(0, "User", "I need to call Tom tomorrow.")];
    let count = |open: &[OpenItem]| {
        let input = ConversationInput { segments: &segments, open_items: open, ..blank() };
        action_items::extract(&input, &sentences::split(&input, detect_language(&input))).len()
    };
    let tomorrow = Oslo.with_ymd_and_hms(2026, 5, 9, 23, 59, 0).unwrap().to_utc();
    assert_eq!(count(&open(Some(tomorrow))), 0);
    assert_eq!(count(&open(Some(tomorrow + TimeDelta::days(1)))), 1);
    assert_eq!(count(&open(None)), 0);
}

#[test]
fn an_offset_says_where_the_user_is() {
    let east = UserZone::Offset(chrono::FixedOffset::east_opt(2 * 3600).unwrap());
    let found = extracted(&[("User", "I need to call Tom on Saturday at ten.")], |input| input.time_zone = east);
    assert_eq!(local(found.action_items[0].due_at), "2026-05-09 10:00");
}

#[test]
fn recurring_tasks_keep_their_rule() {
    let table = [
        ("I need to call Tom every Tuesday.", "Call Tom", "2026-05-12 23:59", "FREQ=WEEKLY;BYDAY=TU"),
        (
            "I have to pay the rent on the first of each month.",
            "Pay the rent",
            "2026-06-01 23:59",
            "FREQ=MONTHLY;BYMONTHDAY=1",
        ),
        (
            "I need to water the plants every other Thursday at 6.",
            "Water the plants",
            "2026-05-14 18:00",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH",
        ),
    ];
    for (text, description, due, rule) in table {
        let found = extracted(&[("User", text)], |_| {}).action_items;
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!((found[0].description.as_str(), local(found[0].due_at).as_str()), (description, due));
        assert_eq!(found[0].recurrence_rule.as_deref(), Some(rule), "{text}");
    }
}
