//! Building blocks of HTML.

/// Makes outside text safe inside an element or a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters are not allowed in HTML; this shows that one was there.
            other if other.is_control() && !matches!(other, '\n' | '\t') => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

/// The HTML of each item, one after the other.
pub(crate) fn each<T>(items: impl IntoIterator<Item = T>, html: impl Fn(T) -> String) -> String {
    items.into_iter().map(html).collect()
}

/// A section with a heading; `body` is HTML.
pub(crate) fn section(id: &str, heading: &str, body: &str) -> String {
    format!("<section id=\"{id}\">\n<h2>{heading}</h2>\n{body}</section>\n")
}

/// A table whose first column heads its rows. Headings and cells are HTML.
#[derive(Default)]
pub(crate) struct Table {
    caption: String,
    head: Vec<String>,
    body: Vec<Vec<String>>,
    foot: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<H: Into<String>>(caption: &str, head: impl IntoIterator<Item = H>) -> Self {
        let head = head.into_iter().map(Into::into).collect();
        Self {
            caption: caption.to_owned(),
            head,
            ..Self::default()
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.body.push(cells);
    }

    pub(crate) fn foot(&mut self, cells: Vec<String>) {
        self.foot.push(cells);
    }

    /// The table in a box that scrolls sideways when the page is narrow.
    pub(crate) fn finish(self) -> String {
        let head: String = each(&self.head, |cell| format!("<th scope=\"col\">{cell}</th>"));
        let body = rows(&self.body);
        let foot = if self.foot.is_empty() {
            String::new()
        } else {
            format!("<tfoot>\n{}</tfoot>\n", rows(&self.foot))
        };
        format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{caption}\"><table>\n\
             <caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n\
             <tbody>\n{body}</tbody>\n{foot}</table></div>\n",
            caption = self.caption,
        )
    }
}

fn rows(rows: &[Vec<String>]) -> String {
    each(rows, |cells| format!("<tr>{}</tr>\n", row_cells(cells)))
}

fn row_cells(cells: &[String]) -> String {
    let cell = |(index, cell): (usize, &String)| {
        if index == 0 {
            format!("<th scope=\"row\">{cell}</th>")
        } else {
            format!("<td>{cell}</td>")
        }
    };
    cells.iter().enumerate().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn text_cannot_leave_its_element_or_attribute() {
        assert_eq!(
            escape("a<b>&\"c'\u{0}"),
            "a&lt;b&gt;&amp;&quot;c&#39;\u{fffd}"
        );
    }
}
