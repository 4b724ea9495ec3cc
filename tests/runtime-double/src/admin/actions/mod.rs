//! The actions of the m2ee admin protocol: which there are, from when on, and who answers.

mod configuration;
mod information;
mod logging;
mod model;
mod operation;
mod users;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::answer::{Answer, Code};
use super::request::Request;
use crate::state::{Exit, Runtime, State, Status};

/// From when on an action is there; before, it is not found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Since {
    Launch,
    /// A `start` has reached the database, whatever it ended with.
    Database,
    Running,
}

struct Action {
    name: &'static str,
    since: Since,
    parameters: &'static [&'static str],
}

const fn action(name: &'static str, since: Since, parameters: &'static [&'static str]) -> Action {
    Action {
        name,
        since,
        parameters,
    }
}

const ACTIONS: &[Action] = &[
    action("echo", Since::Launch, &["echo"]),
    action("get_admin_action_info", Since::Launch, &[]),
    action("runtime_status", Since::Launch, &[]),
    action("shutdown", Since::Launch, &[]),
    action("close_stdio", Since::Launch, &[]),
    action(
        "createruntime",
        Since::Launch,
        &["runtime_path", "port", "application_base_path"],
    ),
    action("set_jetty_options", Since::Launch, &[]),
    action("add_mime_type", Since::Launch, &[]),
    action(
        "update_appcontainer_configuration",
        Since::Launch,
        &[
            "runtime_port",
            "runtime_listen_addresses",
            "runtime_jetty_options",
        ],
    ),
    action("update_configuration", Since::Launch, &[]),
    action(
        "create_log_subscriber",
        Since::Launch,
        &["name", "type", "autosubscribe"],
    ),
    action("remove_log_subscriber", Since::Launch, &["name"]),
    action("start_logging", Since::Launch, &[]),
    action("get_log_settings", Since::Launch, &["sort"]),
    action(
        "set_log_level",
        Since::Launch,
        &["subscriber", "node", "nodes", "level", "force"],
    ),
    action("start", Since::Launch, &["autocreatedb"]),
    action("get_ddl_commands", Since::Database, &["verbose"]),
    action("execute_ddl_commands", Since::Database, &[]),
    action("create_admin_user", Since::Database, &["username", "password"]),
    action("update_admin_user", Since::Database, &["username", "password"]),
    action("check_health", Since::Launch, &[]),
    action("about", Since::Launch, &[]),
    action("get_license_information", Since::Launch, &[]),
    action("set_license", Since::Launch, &["license_id", "license_key"]),
    action("get_all_thread_stack_traces", Since::Launch, &[]),
    action("server_statistics", Since::Launch, &[]),
    action("runtime_statistics", Since::Running, &[]),
    action("cache_statistics", Since::Running, &[]),
    action("get_logged_in_user_names", Since::Running, &["limit"]),
    action("get_current_runtime_requests", Since::Running, &[]),
    action("interrupt_request", Since::Running, &["request_id"]),
    action("enable_debugger", Since::Running, &["password"]),
    action("disable_debugger", Since::Running, &[]),
    action("get_debugger_status", Since::Running, &[]),
    action("reload_model", Since::Running, &[]),
];

/// Runs one action.
pub(super) async fn run(runtime: Arc<Runtime>, request: Request) -> Answer {
    if !is_there(&request.action, &runtime.state()) {
        return Answer::refused(
            Code::ActionNotFound,
            format!("action not found: {}", request.action),
        );
    }
    match request.action.as_str() {
        "start" => model::start(runtime, &request).await,
        "get_ddl_commands" => model::get_ddl_commands(&runtime, &request).await,
        "execute_ddl_commands" => model::execute_ddl_commands(&runtime).await,
        "shutdown" => shutdown(&runtime).await,
        _ => answer(&runtime, &request),
    }
}

fn is_there(name: &str, state: &State) -> bool {
    let Some(action) = ACTIONS.iter().find(|action| action.name == name) else {
        return false;
    };
    match action.since {
        Since::Launch => true,
        Since::Database => state.database.is_some(),
        Since::Running => state.status == Status::Running,
    }
}

/// The actions that wait for nothing.
fn answer(runtime: &Runtime, request: &Request) -> Answer {
    let state = &mut *runtime.state();
    match request.action.as_str() {
        "echo" => operation::echo(state),
        "runtime_status" => Answer::with(json!({ "status": state.status })),
        "get_admin_action_info" => Answer::with(json!({ "action_info": action_info() })),
        "check_health" => operation::check_health(state.status, runtime.package.options.health),
        "reload_model" => operation::reload_model(state),
        "update_appcontainer_configuration" => configuration::update_appcontainer(state, request),
        "update_configuration" => configuration::update(state, request),
        "create_log_subscriber" => logging::create_subscriber(state, request),
        "remove_log_subscriber" => logging::remove_subscriber(state, request),
        "get_log_settings" => logging::settings(state, request),
        "set_log_level" => logging::set_level(state, request),
        "create_admin_user" => users::create(state, request, &runtime.package.metadata.admin_user),
        "update_admin_user" => users::update(state, request, &runtime.package.metadata.admin_user),
        "get_license_information" => information::licence(state),
        "set_license" => information::set_licence(state, request),
        "enable_debugger" => operation::enable_debugger(state, request),
        "disable_debugger" => operation::disable_debugger(state),
        "get_debugger_status" => operation::debugger_status(state),
        "about" => information::about(&runtime.package.metadata),
        "server_statistics" => information::server_statistics(),
        "runtime_statistics" => information::runtime_statistics(),
        "cache_statistics" => information::cache_statistics(),
        "get_logged_in_user_names" => Answer::with(json!({ "count": 0, "users": [] })),
        "interrupt_request" => Answer::with(json!({ "result": false })),
        "get_all_thread_stack_traces" => information::stack_traces(),
        // Nothing follows here from close_stdio, createruntime, set_jetty_options, add_mime_type and start_logging,
        // and get_current_runtime_requests has nothing to tell.
        _ => Answer::done(),
    }
}

fn action_info() -> Map<String, Value> {
    ACTIONS
        .iter()
        .map(|action| (action.name.to_owned(), json!({ "params": action.parameters })))
        .collect()
}

/// Never answers: the connection drops when the process ends, as a client of a real runtime sees it.
async fn shutdown(runtime: &Runtime) -> Answer {
    runtime.exit(Exit::Stop(0));
    std::future::pending().await
}
