//! Admission: the wire in, the model decides, the wire out.
