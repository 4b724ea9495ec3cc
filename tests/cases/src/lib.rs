//! The cases: tests against a real cluster, a test for each sentence the project promises.
