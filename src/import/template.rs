//! Which fields of a document a task's prompt uses, from the task's configuration.

/// The names that a template of a prompt mentions: of Jinja (`{{question}}`), of Python
/// (`doc["question"]`), or the name of a field alone.
pub(super) fn names(template: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    let identifier = |c: char| c.is_alphanumeric() || c == '_';
    let whole = template.trim();
    if whole.chars().all(identifier) {
        add(whole);
        return names;
    }
    for (open, close) in [("{{", "}}"), ("{%", "%}")] {
        for part in template.split(open).skip(1) {
            let inside = part.split_once(close).map_or(part, |(inside, _)| inside);
            jinja(inside).iter().for_each(|name| add(name));
        }
    }
    for (open, close) in [("[\"", "\"]"), ("['", "']"), (".get(\"", "\""), (".get('", "'")] {
        for part in template.split(open).skip(1) {
            if let Some((name, _)) = part.split_once(close).filter(|(name, _)| name.len() < 80) {
                add(name);
            }
        }
    }
    names
}

/// The variables of a Jinja expression: names that are not in quotes, and not after a dot or a bar.
fn jinja(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        if c == '"' || c == '\'' {
            while chars.next().is_some_and(|next| next != c) {}
        } else if c.is_alphabetic() || c == '_' {
            let mut name = c.to_string();
            while let Some(next) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                name.push(next);
            }
            let bound =
                before == '|' || (before == '.' && names.last().is_none_or(|last| last != "doc"));
            if !bound {
                names.push(name);
            }
            before = ' ';
            continue;
        }
        if !c.is_whitespace() {
            before = c;
        }
    }
    names.retain(|name| name != "doc");
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_jinja_of_python_and_alone() {
        assert_eq!(names("{{passage.strip()}}\nQ: {{ question | trim }}"), ["passage", "question"]);
        assert_eq!(names("{% if doc.hint %}{{doc.lead}}{% endif %}")[..2], ["lead", "if"]);
        let python = "def doc_to_text(doc):\n    return doc[\"clue\"] + doc.get('riddle', '')";
        assert_eq!(names(python), ["clue", "riddle"]);
        assert_eq!(names("question"), ["question"]);
        assert!(names("").is_empty());
    }
}
