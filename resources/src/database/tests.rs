//! Folders of earlier versions: what is in them is there after the migration.

use tempfile::TempDir;
use tokio::runtime::Builder;

use super::*;

/// The version that listed messages by their app's id.
const BEFORE_SESSIONS: usize = 6;

/// The version whose users had a name and a token.
const BEFORE_SIGN_IN: usize = 8;

/// The version whose tables were called `login`, `visit` and `allowance`.
const BEFORE_RENAMED_TABLES: usize = 12;

/// The version whose jobs had a `manner`.
const BEFORE_PROCESS_MODE: usize = 13;

/// Runs `work` on threads with a stack that the database is content with.
fn run(work: impl Future<Output = ()> + Send + 'static) {
    let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(10 << 20).build().unwrap();
    runtime.block_on(async { tokio::spawn(work).await.unwrap() });
}

#[test]
fn messages_of_earlier_versions_are_in_their_sessions() {
    run(async {
        let folder = TempDir::new().unwrap();
        let client = open_folder(&DatabaseSettings::default(), folder.path()).await.unwrap();
        let database = Database { engine: Engine::Embedded(client) };
        database.migrate(&MIGRATIONS[..BEFORE_SESSIONS]).await.unwrap();
        let written = "FOR $n IN 1..=3 {
            CREATE message SET user = 'ann', app_id = NONE, message = $n, created_at = time::from_unix($n);
            CREATE message SET user = 'ann', app_id = 'coach', message = 10 * $n, created_at = time::from_unix($n);
        };";
        database.run(written, Params::new()).await.unwrap();
        database.migrate(MIGRATIONS).await.unwrap();
        for (app, expected) in [("", [3, 2, 1]), ("coach", [30, 20, 10])] {
            let listed = "SELECT message, created_rank FROM message WITH INDEX message_session
                WHERE user = 'ann' AND app = $app ORDER BY created_rank;";
            let rows: Vec<Object> =
                database.run(listed, Params::new().with("app", app)).await.unwrap().take(0).unwrap();
            let found: Vec<i64> = rows.iter().map(|row| i64::from_value(row["message"].clone()).unwrap()).collect();
            assert_eq!(found, expected, "{app:?}");
        }
    });
}

#[test]
fn users_of_earlier_versions_stay_and_the_first_is_the_owner() {
    run(async {
        let folder = TempDir::new().unwrap();
        let client = open_folder(&DatabaseSettings::default(), folder.path()).await.unwrap();
        let database = Database { engine: Engine::Embedded(client) };
        database.migrate(&MIGRATIONS[..BEFORE_SIGN_IN]).await.unwrap();
        let written = "FOR $n IN [2, 1, 3] {
            CREATE type::record('user', <string>$n) SET uid = <string>$n, name = 'Ana', token = <string>$n,
                created_at = time::from_unix($n);
        };";
        database.run(written, Params::new()).await.unwrap();
        database.migrate(MIGRATIONS).await.unwrap();
        let listed = "SELECT VALUE [uid, role] FROM user WITH INDEX user_name WHERE name = 'Ana' ORDER BY uid;
            SELECT VALUE uid FROM user WHERE token = '3'";
        let mut answers = database.run(listed, Params::new()).await.unwrap();
        let roles: Vec<Vec<String>> = answers.take(0).unwrap();
        assert_eq!(roles, [["1", "owner"], ["2", "member"], ["3", "member"]]);
        assert_eq!(answers.take::<Vec<String>>(1).unwrap(), ["3"], "tokens work on");
        let clash = "UPDATE user:⟨1⟩ SET email = 'a@b.example'; UPDATE user:⟨2⟩ SET email = 'a@b.example';";
        assert!(database.run(clash, Params::new()).await.is_err(), "an address is one user's");
    });
}

#[test]
fn rows_of_renamed_tables_are_found_under_the_new_names() {
    run(async {
        let folder = TempDir::new().unwrap();
        let client = open_folder(&DatabaseSettings::default(), folder.path()).await.unwrap();
        let database = Database { engine: Engine::Embedded(client) };
        database.migrate(&MIGRATIONS[..BEFORE_RENAMED_TABLES]).await.unwrap();
        let written = "FOR $n IN 1..=3 {
            CREATE type::record('login', <string>$n) SET sid = <string>$n, user = 'ana', turn = $n, secret = 'x',
                created_at = time::from_unix($n);
        };
        CREATE visit:a SET visit = { redirect_uri: 'https://a.example/' }, expires_at = time::from_unix(1);
        CREATE visit:b SET welcomed = { user: 'ana' }, user = 'ana', expires_at = time::from_unix(1);
        CREATE allowance:['key', 'dev:memories'] SET subject = 'key', policy = 'dev:memories', used = 7, ends = 9;
        CREATE user:ana SET uid = 'ana', leaving_at = time::from_unix(1);
        CREATE user:ben SET uid = 'ben'";
        database.run(written, Params::new()).await.unwrap();
        database.migrate(MIGRATIONS).await.unwrap();
        let listed = "SELECT VALUE [record::id(id), sid, turn] FROM session WITH INDEX session_user
                WHERE user = 'ana' ORDER BY sid DESC;
            SELECT VALUE [login.redirect_uri, code.user, user] FROM oidc_state ORDER BY id;
            SELECT VALUE used FROM ONLY rate_limit:['key', 'dev:memories'];
            SELECT VALUE uid FROM user WHERE deleting_at != NONE;
            SELECT VALUE uid FROM user WHERE leaving_at != NONE;
            RETURN object::keys((INFO FOR DB).tables);";
        let mut answers = database.run(listed, Params::new()).await.unwrap();
        let sessions: Vec<(String, String, i64)> = answers.take(0).unwrap();
        let expected = ["3", "2", "1"].map(|id| (id.to_owned(), id.to_owned(), id.parse().unwrap()));
        assert_eq!(sessions, expected);
        let states: Vec<Vec<Option<String>>> = answers.take(1).unwrap();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(states, [vec![some("https://a.example/"), None, None], vec![None, some("ana"), some("ana")]]);
        assert_eq!(answers.take::<i64>(2).unwrap(), 7);
        assert_eq!(answers.take::<Vec<String>>(3).unwrap(), ["ana"]);
        assert!(answers.take::<Vec<String>>(4).unwrap().is_empty());
        let tables: Vec<String> = answers.take(5).unwrap();
        assert!(
            ["login", "visit", "allowance"].iter().all(|old| !tables.iter().any(|table| table == old)),
            "{tables:?}"
        );
    });
}

#[test]
fn jobs_of_earlier_versions_have_a_mode() {
    run(async {
        let folder = TempDir::new().unwrap();
        let client = open_folder(&DatabaseSettings::default(), folder.path()).await.unwrap();
        let database = Database { engine: Engine::Embedded(client) };
        database.migrate(&MIGRATIONS[..BEFORE_PROCESS_MODE]).await.unwrap();
        let written = "CREATE job:a SET manner = 'weighed'; CREATE job:b SET manner = 'forced';";
        database.run(written, Params::new()).await.unwrap();
        database.migrate(MIGRATIONS).await.unwrap();
        let listed = "RETURN [job:a.mode, job:b.mode]; SELECT VALUE id FROM job WHERE manner != NONE;";
        let mut results = database.run(listed, Params::new()).await.unwrap();
        assert_eq!(results.take::<Vec<String>>(0).unwrap(), ["automatic", "forced"]);
        assert!(results.take::<Vec<RecordId>>(1).unwrap().is_empty());
    });
}
