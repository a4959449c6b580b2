//! Texts of files as errors show them.

/// `text` cut to what an error may show: no control characters, at most 100 characters.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars().take(100) {
        // Marks of writing direction are no control characters, but reorder a terminal's line.
        if character.is_control() || ('\u{200b}'..='\u{206f}').contains(&character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    if text.chars().nth(100).is_some() {
        out.push_str("...");
    }
    out
}
