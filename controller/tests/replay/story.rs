//! Stories: a file each in `tests/stories`, with what came of it beside it. How to write one: docs/rollouts.md.

use crate::play::Play;
use crate::sentence::{Sentence, sentence};
use crate::{outcome, same};
use rstest::rstest;
use std::path::{Path, PathBuf};

type Line = (String, Sentence);

fn read(path: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(path).expect("a story");
    let lines = text.lines().filter_map(|line| {
        let sentence = sentence(line).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))?;
        Some((line.to_owned(), sentence))
    });
    lines.collect()
}

async fn play(play: &mut Play, lines: &[Line]) {
    for (line, sentence) in lines {
        play.play(line, sentence).await;
    }
    play.conclude().await;
}

/// Where somebody first wants something.
fn begin(lines: &[Line]) -> usize {
    let is_wish = |(line, _): &Line| line.starts_with("somebody") || line.starts_with("the autoscaler");
    lines
        .iter()
        .position(is_wish)
        .expect("somebody who wants something")
}

#[rstest]
#[tokio::test]
async fn a_story_ends_as_it_is_told(#[files("tests/stories/*.story")] path: PathBuf) {
    let lines = read(&path);
    let (setting, rest) = lines.split_at(begin(&lines));
    let mut prelude = Play::new();
    for (line, sentence) in setting {
        prelude.play(line, sentence).await;
    }
    let mut clean = prelude.again();
    let writes = clean.server.state().writes;
    play(&mut clean, rest).await;
    golden(&path, &clean.tale.text());
    if lines
        .iter()
        .any(|(_, sentence)| *sentence == Sentence::WhateverWrite)
    {
        let writes = clean.server.state().writes - writes;
        killed_after_every_write(&prelude, rest, &clean, writes).await;
    }
}

fn golden(path: &Path, text: &str) {
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    insta::with_settings!({
        snapshot_path => "../stories", prepend_module_to_snapshot => false, omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}

async fn killed_after_every_write(prelude: &Play, rest: &[Line], clean: &Play, writes: usize) {
    assert!(writes > 0);
    let expected = outcome(&clean.server);
    for crash_after in 0..writes {
        let mut again = prelude.again();
        again.server.state().writes_left = Some(crash_after);
        play(&mut again, rest).await;
        assert_eq!(
            again.server.state().writes_left,
            None,
            "no crash after write {crash_after}"
        );
        same(&outcome(&again.server), &expected, crash_after);
    }
}
