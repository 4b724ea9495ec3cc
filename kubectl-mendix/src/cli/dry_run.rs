//! `--dry-run`.

use clap::ValueEnum;

/// Who only looks at what would be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum DryRun {
    // No doc comments: clap would print the help of every command in its long form for them.
    Client,
    Server,
}

impl DryRun {
    /// What kubectl adds to a line about something that was not done.
    pub(crate) const fn suffix(dry_run: Option<Self>) -> &'static str {
        match dry_run {
            None => "",
            Some(Self::Client) => " (client dry run)",
            Some(Self::Server) => " (server dry run)",
        }
    }
}
