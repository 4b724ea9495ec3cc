//! What the tests of the double share: a process of it, a raw client, a real PostgreSQL.
#![allow(dead_code, reason = "each test file uses another part")]

pub(crate) mod double;
pub(crate) mod postgres;
pub(crate) mod wait;
