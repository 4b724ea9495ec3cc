//! The one entry point for everything that is done to this repository.

fn main() {}
