//! The table of the fields as a document. Pure.

use super::{Field, Ours, TABLES};
use std::fmt::Write as _;

/// Markdown; `docs/fields.md` is made from it.
pub fn document() -> String {
    let mut text = String::from(
        "# Fields of the official resources\n\nMade by `cargo xtask generate` from the crate mendix-model. Edit \
         that.\n\nUnknown fields are kept as they are. \"Since\" is the first version of the official operator whose \
         documentation has the field; \"ours\" marks a field that it does not have. What is \"done\" or \"differs\" \
         reaches what the last column names, and the tests show it with the files of `examples/`; what is \"ignored\" \
         is accepted and changes nothing, and the API server warns of it while it is written. A list's items are written as `[]`.\n",
    );
    for table in TABLES {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n## {}\n\n| field of `spec` | since | ours | reaches |\n|---|---|---|---|\n",
            table.kind
        );
        for field in table.fields {
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} |",
                field.path,
                field.since,
                ours(field),
                reaches(field)
            );
        }
    }
    text
}

fn ours(field: &Field) -> String {
    match field.ours {
        Ours::Done(_) => "done".to_owned(),
        Ours::Differs(_, how) => format!("differs: {how}"),
        Ours::Ignored(why) => format!("ignored: {why}"),
    }
}

fn reaches(field: &Field) -> String {
    let all: Vec<_> = field.ours.reaches().iter().map(ToString::to_string).collect();
    all.join(", ")
}
