//! Clients generated from the OpenAPI document have to compile.

use tokio::process::Command;

use super::support::{installed, program};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/contracts/openapi.json");

/// Imports every module of the package in the folder of its first argument.
const IMPORT_ALL: &str = "
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import generated
names = [module.name for module in pkgutil.walk_packages(generated.__path__, 'generated.')]
[importlib.import_module(name) for name in names]
print(len(names))
";

/// The output of a program that succeeds.
async fn said(command: &mut Command) -> String {
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[tokio::test]
async fn the_python_client_is_generated_whole_and_imports() {
    let folder = tempfile::tempdir().unwrap();
    let bin = installed("openapi-python-client").await.join("bin");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut generate = program("openapi-python-client", "openapi-python-client").await;
    generate.args(["generate", "--meta", "none", "--fail-on-warning", "--path", DOCUMENT, "--output-path"]);
    said(generate.arg(folder.path().join("generated")).env("PATH", path)).await;
    let mut import = program("openapi-python-client", "python").await;
    let modules = said(import.arg("-c").arg(IMPORT_ALL).arg(folder.path())).await;
    assert!(modules.trim().parse::<usize>().unwrap() > tools::all().len(), "{modules}");
}

#[tokio::test]
async fn the_typescript_types_are_generated_and_compile() {
    let folder = tempfile::tempdir().unwrap();
    let node = async |name: &str| {
        let mut command = program("openapi-typescript", name).await;
        command.current_dir(folder.path());
        command
    };
    said(node("openapi-typescript").await.args([DOCUMENT, "--output", "api.d.ts"])).await;
    let used = "import type { operations } from './api';
        type Answers = operations['get_memories']['responses'];
        export const memory = (answers: Answers[200]['content']['application/json']): string => answers[0]!.content;";
    std::fs::write(folder.path().join("used.ts"), used).unwrap();
    said(node("tsc").await.args(["--strict", "--noEmit", "used.ts", "api.d.ts"])).await;
    // The same must fail where the types say otherwise: a file that is not looked at would pass as well.
    std::fs::write(folder.path().join("used.ts"), used.replace("string =>", "number =>")).unwrap();
    let refused = node("tsc").await.args(["--strict", "--noEmit", "used.ts", "api.d.ts"]).output().await.unwrap();
    assert!(!refused.status.success());
}
