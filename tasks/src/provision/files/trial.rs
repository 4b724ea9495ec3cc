//! Whether an app will be able to keep files: one is written, read and deleted as the app would do it.

use super::FileError;
use super::explain::{Server, Step, explain};
use crate::call::{Call, Caller};
use reqwest::{Method, Url};

/// Name of the file.
pub(in crate::provision) const FILE: &str = "kubectl-mendix-check";

/// What is tried.
pub(in crate::provision) struct Trial<'a> {
    pub(in crate::provision) caller: Caller,
    pub(in crate::provision) server: &'a Server,
    pub(in crate::provision) file: Url,
    /// What a store wants to be told when a file is written.
    pub(in crate::provision) headers: Vec<(&'static str, String)>,
    pub(in crate::provision) content: &'a str,
    pub(in crate::provision) write: Step,
    pub(in crate::provision) read: Step,
    /// Nothing where files are never deleted.
    pub(in crate::provision) delete: Option<Step>,
}

impl Trial<'_> {
    pub(in crate::provision) async fn run(&self) -> Result<(), FileError> {
        let written = Call {
            headers: self.headers.clone(),
            body: self.content.as_bytes().to_vec(),
            ..Call::new(Method::PUT, self.file.clone())
        };
        self.ask(written, &self.write).await?;
        let read = self
            .ask(Call::new(Method::GET, self.file.clone()), &self.read)
            .await?;
        if read != self.content.as_bytes() {
            return Err(self.another_file());
        }
        if let Some(step) = &self.delete {
            self.ask(Call::new(Method::DELETE, self.file.clone()), step)
                .await?;
        }
        Ok(())
    }

    async fn ask(&self, call: Call, step: &Step) -> Result<Vec<u8>, FileError> {
        let answer = self.caller.call(call).await;
        answer.map_err(|failure| explain(failure, self.server, step))
    }

    /// Many a web server says yes to everything.
    fn another_file(&self) -> FileError {
        FileError::NotAStore {
            step: self.read.words.clone(),
            server: self.server.address.clone(),
            found: "something else, which gives back another file than it was given".to_owned(),
            key: self.server.keys.address,
        }
    }
}
