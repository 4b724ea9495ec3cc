//! A test part: behaves like the Mendix Runtime towards admin port, database and signals.
