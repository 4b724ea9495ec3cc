//! The runtime double in an image of docker-mendix-buildpack, as an app that starts its model itself.
//!
//! The program of the image is this test program: Cargo tells tests of the programs of their own package only. What it is
//! called by says that it is the buildpack's start script.

use mendix_runtime_double::environment::Environment;
use mendix_runtime_double::process;
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the start script is called with.
const ARGUMENTS: [&str; 4] = ["double::the_app", "--exact", "--ignored", "--nocapture"];

/// Puts an image into a folder; gives the command of its container.
pub(crate) fn image(folder: &Path) -> Vec<String> {
    let startup = folder.join("startup");
    symlink(std::env::current_exe().unwrap(), &startup).unwrap();
    fs::create_dir(folder.join("model")).unwrap();
    let metadata = json!({"RuntimeVersion": "10.6.1", "ProjectName": "sample", "ModelVersion": "1.2.3"});
    fs::write(folder.join("model/metadata.json"), metadata.to_string()).unwrap();
    let words = ARGUMENTS.map(ToOwned::to_owned);
    std::iter::once(startup.display().to_string())
        .chain(words)
        .collect()
}

#[tokio::test]
#[ignore = "no test: other tests start it as their app"]
async fn the_app() {
    let program = PathBuf::from(std::env::args_os().next().unwrap());
    let environment = Environment::read(&program, None, std::env::vars().collect()).unwrap();
    tokio::select! {
        code = process::run(environment) => assert_eq!(code, 0),
        () = gone(&program) => {}
    }
}

/// A test that fails kills its guard, and nobody would end the app: it ends with its folder.
async fn gone(program: &Path) {
    while program.exists() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
