//! How a claim's record changes. Each function is one fact written down; when it may be is decided elsewhere.

use super::situation::{Pod, Restore};
use crate::crd::claim::{
    ClaimState, DatabaseClaimSpec, FORMAT_VERSION, ModelSeen, Opened, Owner, Role, Schema, SchemaState,
};
use crate::crd::common::LeaderSelection;

impl DatabaseClaimSpec {
    /// The record of a database that nobody claimed yet. Born adopting: pods may be running on it already.
    pub fn born(owner: Owner, mode: LeaderSelection) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            owner,
            state: ClaimState::Adopting,
            mode,
            model: None,
            schema: None,
            models: Vec::new(),
            opened: Vec::new(),
            restored: None,
            adopted: None,
        }
    }

    /// The entry of a pod that may run.
    pub fn entry(&self, uid: &str) -> Option<&Opened> {
        self.opened.iter().find(|it| it.uid == uid)
    }

    /// A pod that may start from now on.
    pub(super) fn open(&mut self, pod: &Pod, mode: LeaderSelection) {
        self.mode = mode;
        self.model.clone_from(&pod.model);
        self.enter(pod);
        if pod.may_change_schema() {
            self.schema_may_change(pod, false);
        }
    }

    /// A pod that runs already.
    pub(super) fn adopt(&mut self, pod: &Pod) {
        self.enter(pod);
        if self.model.is_none() {
            self.model.clone_from(&pod.model);
        }
        if pod.may_change_schema() {
            self.schema_may_change(pod, true);
        }
    }

    /// A pod that ran and has ended. A model that is known keeps its place: it may have been followed by others.
    pub(super) fn remember(&mut self, pod: &Pod) {
        if !self.models.iter().any(|it| Some(&it.model) == pod.model.as_ref()) {
            self.schema_may_change(pod, true);
        }
    }

    fn enter(&mut self, pod: &Pod) {
        self.opened.push(Opened {
            uid: pod.uid.clone(),
            name: pod.name.clone(),
            role: pod.role,
            model: pod.model.clone(),
        });
    }

    fn schema_may_change(&mut self, pod: &Pod, started: bool) {
        let Some(model) = &pod.model else { return };
        self.schema = Some(Schema {
            model: model.clone(),
            state: SchemaState::Maybe,
        });
        match self.models.iter_mut().find(|it| it.model == *model) {
            Some(seen) => seen.started |= started,
            None => self.models.push(ModelSeen {
                model: model.clone(),
                started,
                ready: false,
            }),
        }
    }

    /// The leader of the schema's model has been ready.
    pub(super) fn synced(&mut self) {
        let Some(schema) = &mut self.schema else { return };
        schema.state = SchemaState::Synced;
        let model = &schema.model;
        for seen in self.models.iter_mut().filter(|it| it.model == *model) {
            (seen.started, seen.ready) = (true, true);
        }
    }

    /// A pod that can no longer run. `started`: whether its model may have run.
    pub(super) fn release(&mut self, uid: &str, started: bool) {
        let Some(at) = self.opened.iter().position(|it| it.uid == uid) else {
            return;
        };
        let entry = self.opened.remove(at);
        if entry.role == Role::Worker {
            return;
        }
        match self
            .models
            .iter_mut()
            .find(|it| Some(&it.model) == entry.model.as_ref())
        {
            Some(seen) if started => seen.started = true,
            Some(_) => self.forget_unstarted(&entry),
            None => {}
        }
    }

    /// A model of which nothing ever started has changed nothing: the schema is still that of the one before.
    fn forget_unstarted(&mut self, ended: &Opened) {
        let others = self.opened.iter().any(|it| it.model == ended.model);
        let last = self
            .models
            .last()
            .filter(|seen| Some(&seen.model) == ended.model.as_ref());
        if others || last.is_none_or(|seen| seen.started) {
            return;
        }
        self.models.pop();
        self.schema = self.models.last().map(|before| Schema {
            model: before.model.clone(),
            state: if before.ready {
                SchemaState::Synced
            } else {
                SchemaState::Maybe
            },
        });
    }

    /// The database gets another owner, or its owner back. What was learnt of its schema stays.
    pub(super) fn take_over(&mut self, owner: Owner, id: &str) {
        self.owner = owner;
        self.adopted = Some(id.to_owned());
        self.state = ClaimState::Adopting;
        // Of another cluster, or none: see `may_be_taken_over`.
        self.opened.clear();
    }

    /// The database is that of an earlier time. Counts once.
    pub(super) fn restore(&mut self, restore: &Restore) {
        self.restored = Some(restore.id.clone());
        if let Some(at) = self.models.iter().position(|seen| seen.model == restore.model) {
            self.models.truncate(at + 1);
        }
        self.schema = Some(Schema {
            model: restore.model.clone(),
            state: SchemaState::Maybe,
        });
    }
}
