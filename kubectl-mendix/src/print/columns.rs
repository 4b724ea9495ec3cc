//! Text in columns, as kubectl prints it: no borders, three spaces between.

use super::Layout;
use crate::view::Health;
use comfy_table::{Cell, Color, ColumnConstraint, ContentArrangement, Table, presets};

/// Cells of one row, and how what it shows is.
pub(crate) struct Row {
    /// Texts from left to right.
    pub cells: Vec<String>,
    /// Gives the state its colour.
    pub health: Health,
}

/// Rows below a header. Column `state` gets the colour of the health; the last column takes the lines that do not
/// fit.
pub(crate) fn columns(header: &[&str], state: usize, rows: Vec<Row>, layout: Layout) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(header.iter().copied());
    if layout.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    if layout.fit {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for row in rows {
        let health = row.health;
        let cell = |(index, text): (usize, String)| coloured(Cell::new(text), index == state, health);
        table.add_row(row.cells.into_iter().enumerate().map(cell).collect::<Vec<_>>());
    }
    arrange(&mut table);
    table.trim_fmt() + "\n"
}

fn arrange(table: &mut Table) {
    let last = table.column_count().saturating_sub(1);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index == last { 0 } else { 3 }));
        if index != last {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

fn coloured(cell: Cell, is_state: bool, health: Health) -> Cell {
    let colour = match health {
        Health::Ready => Color::Green,
        Health::Progressing => Color::Yellow,
        Health::Stalled => Color::Red,
        Health::Absent | Health::Unknown => Color::DarkGrey,
    };
    if is_state { cell.fg(colour) } else { cell }
}
