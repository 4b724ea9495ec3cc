//! Administrators.

use super::super::answer::Answer;
use super::super::request::Request;
use crate::state::State;

const FAILED: i64 = 1;

/// Creates an administrator, or gives the one of that name a new password; without a name it is the model's own.
pub(super) fn create(state: &mut State, request: &Request, default: &str) -> Answer {
    let user = request.text("username").unwrap_or(default).to_owned();
    set_password(state, request, user)
}

/// Gives an administrator a new password.
pub(super) fn update(state: &mut State, request: &Request, default: &str) -> Answer {
    let user = request.text("username").unwrap_or(default).to_owned();
    if !state.users.contains(&user) {
        return Answer::failed(FAILED, format!("there is no administrator {user}"));
    }
    set_password(state, request, user)
}

fn set_password(state: &mut State, request: &Request, user: String) -> Answer {
    let Some(password) = request.text("password") else {
        return Answer::failed(FAILED, "the parameter password is missing");
    };
    if password == "1" {
        state.weak_users.insert(user.clone());
    } else {
        state.weak_users.remove(&user);
    }
    state.users.insert(user);
    Answer::done()
}
