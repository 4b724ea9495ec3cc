//! A test part: a process that behaves like the Mendix Runtime towards admin port, database and signals.
//!
//! The product must not know it. It is written from the public m2ee admin protocol alone and shares no code with the
//! guard, so that a protocol misread by one of the two shows as a failing test and not as two agreeing mistakes.
//!
//! It runs in three ways, told by the name it is called by: set going by a client on the admin port, or starting itself
//! from environment variables as docker-mendix-buildpack and portable packages do.
//!
//! Tests use two things of the library: [`options::Options`], the switches they write into a package as
//! `model/double.json`, and [`register::summary`], the judge that says which processes ever ran at once on a database.

pub mod admin;
pub mod app_port;
pub mod database;
pub mod ddl;
pub mod environment;
pub mod events;
pub mod launch;
pub mod life;
pub mod listen;
pub mod log;
pub mod options;
pub mod package;
pub mod process;
pub mod register;
mod request;
pub mod schema;
pub mod self_start;
pub mod settings;
pub mod start;
pub mod state;
