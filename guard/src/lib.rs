//! PID 1 of the runtime's container: starts the model, answers probes, ends it.
