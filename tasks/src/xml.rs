//! What is read of XML answers: the text of elements, wherever they stand. Pure.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Text of the first element of this name, without its namespace.
pub(crate) fn text_of(document: &str, name: &str) -> Option<String> {
    texts_of(document, name).into_iter().next()
}

/// Texts of all elements of this name, up to where the document stops being XML.
pub(crate) fn texts_of(document: &str, name: &str) -> Vec<String> {
    let mut reader = Reader::from_str(document);
    let mut texts = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) if start.local_name().as_ref() == name.as_bytes() => {
                let Ok(text) = reader.read_text(start.name()) else {
                    return texts;
                };
                let Ok(decoded) = text.decode() else {
                    return texts;
                };
                if let Ok(text) = quick_xml::escape::unescape(&decoded) {
                    texts.push(text.into_owned());
                }
            }
            Ok(Event::Eof) | Err(_) => return texts,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_at_any_depth_and_entities_are_resolved() {
        let document = "<a xmlns='urn:x'><b><Key>one&amp;two</Key></b><Key>three</Key></a>";
        assert_eq!(texts_of(document, "Key"), ["one&two", "three"]);
        assert_eq!(text_of(document, "Other"), None);
    }

    #[test]
    fn what_is_no_xml_has_no_elements() {
        assert_eq!(text_of("{\"Key\": 1}", "Key"), None);
        assert_eq!(text_of("<a><Key>cut", "Key"), None);
    }
}
