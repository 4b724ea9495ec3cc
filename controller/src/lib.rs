//! The controller: one folder a kind, observe, check, plan, apply, report.
