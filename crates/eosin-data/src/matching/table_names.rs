//! Names in a table against the images in a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::rule::{By, Leniency, Rule, plain_path, with_slashes, without_ending};

/// An image, as it is known on disk.
type Image = usize;

/// Images by what their names end in, without what a rule leaves out.
#[derive(Default)]
struct Index {
    /// Every end of a name.
    ends: BTreeMap<String, Vec<Image>>,
    /// Whole names.
    whole: BTreeMap<String, Vec<Image>>,
}

/// Why a name is that of no image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoMatch {
    /// No image is called so.
    None,
    /// Several are.
    Several(Vec<String>),
}

/// Finds images by the names that a table has for them.
pub(crate) struct NameMatcher {
    root: PathBuf,
    keys: Vec<String>,
    paths: Vec<PathBuf>,
    indices: BTreeMap<Rule, Index>,
}

impl NameMatcher {
    /// Images of the folder `root`: keys below it, and paths.
    pub(crate) fn new(root: &Path, images: Vec<(String, PathBuf)>) -> Self {
        let (keys, paths): (Vec<String>, Vec<PathBuf>) = images.into_iter().unzip();
        Self {
            root: root.to_owned(),
            keys,
            paths,
            indices: BTreeMap::new(),
        }
    }

    /// The image that a table calls `name`, and by what it was found.
    pub(crate) fn find(&mut self, name: &str) -> Result<(PathBuf, Rule), NoMatch> {
        // A bare name of the working folder is more likely meant to be one of the data folder.
        let from_here = name.contains(['/', '\\']).then(PathBuf::new);
        for folder in [Some(self.root.clone()), from_here].into_iter().flatten() {
            let by = if folder.as_os_str().is_empty() {
                By::File
            } else {
                By::Whole
            };
            let rule = Rule {
                by,
                leniency: Leniency::Exact,
            };
            for name in [name.to_owned(), name.replace('\\', "/")] {
                let path = folder.join(name.trim_start_matches("./"));
                if path.is_file() {
                    return Ok((self.as_listed(path), rule));
                }
            }
        }
        for leniency in [Leniency::Exact, Leniency::Form, Leniency::Case] {
            for by in [By::End, By::EndOfStem] {
                let rule = Rule { by, leniency };
                let images = self.fitting(rule, name);
                match images.as_slice() {
                    [] => {}
                    [one] => return Ok((self.paths[*one].clone(), rule)),
                    several => {
                        let keys = several.iter().map(|image| self.keys[*image].clone());
                        return Err(NoMatch::Several(keys.collect()));
                    }
                }
            }
        }
        Err(NoMatch::None)
    }

    /// The path as the folder's own images have it, when it lies below the folder.
    fn as_listed(&self, path: PathBuf) -> PathBuf {
        let plain = |path: &Path| std::path::absolute(path).map(|path| plain_path(&path));
        match (plain(&path), plain(&self.root)) {
            (Ok(full), Ok(root)) => match full.strip_prefix(&root) {
                Ok(below) => self.root.join(below),
                Err(_) => path,
            },
            _ => path,
        }
    }

    /// The images that fit a name by a rule; of those whose whole names are ends of it, the longest.
    fn fitting(&mut self, rule: Rule, name: &str) -> Vec<Image> {
        let keys = &self.keys;
        let index = self
            .indices
            .entry(rule)
            .or_insert_with(|| Index::new(rule, keys));
        let mut found: BTreeSet<Image> = BTreeSet::new();
        let whole = rule.leniency.form(&with_slashes(name));
        let mut forms = vec![whole.clone()];
        if rule.by == By::EndOfStem {
            // A number with points in it may look as if it had an ending.
            forms.push(without_ending(&whole).to_owned());
        }
        for form in &forms {
            found.extend(index.ends.get(form).into_iter().flatten());
        }
        if found.is_empty() {
            for form in &forms {
                let mut ends = form.match_indices('/').map(|(at, _)| &form[at + 1..]);
                let longest = ends.find_map(|end| index.whole.get(end));
                found.extend(longest.into_iter().flatten());
            }
        }
        found.into_iter().collect()
    }

    /// The image whose name is most like this one.
    pub(crate) fn nearest(&self, name: &str) -> Option<&str> {
        let file = |key: &str| key.rsplit(['/', '\\']).next().unwrap_or(key).to_owned();
        let files: BTreeMap<String, &str> = self
            .keys
            .iter()
            .map(|key| (file(key), key.as_str()))
            .collect();
        let near = eosin_core::choice::nearest(&file(name), files.keys().map(String::as_str))?;
        files.get(near).copied()
    }
}

impl Index {
    fn new(rule: Rule, keys: &[String]) -> Self {
        let mut index = Self::default();
        for (image, key) in keys.iter().enumerate() {
            let form = rule.form(key, Path::new(""));
            for (at, _) in form.match_indices('/') {
                index
                    .ends
                    .entry(form[at + 1..].to_owned())
                    .or_default()
                    .push(image);
            }
            index.ends.entry(form.clone()).or_default().push(image);
            index.whole.entry(form).or_default().push(image);
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(keys: &[&str], name: &str) -> Result<String, NoMatch> {
        let images = keys
            .iter()
            .map(|key| ((*key).to_owned(), PathBuf::from(key)));
        let mut matcher = NameMatcher::new(Path::new("/nowhere"), images.collect());
        matcher
            .find(name)
            .map(|(path, _)| path.display().to_string())
    }

    #[test]
    fn names_are_found_by_end_ending_form_and_case() {
        let keys = [
            "img/b_1.jpg",
            "img/M_1.jpg",
            "b_1.jpg",
            "x/pra\u{308}.tif",
            "y/1.2.3.4.png",
        ];
        for (name, key) in [
            ("D:\\study\\img\\b_1.jpg", "img/b_1.jpg"),
            ("../else/img/b_1.jpg", "img/b_1.jpg"),
            ("IMG\\M_1.JPG", "img/M_1.jpg"),
            ("pr\u{e4}", "x/pra\u{308}.tif"),
            ("pr\u{e4}.png", "x/pra\u{308}.tif"),
            ("1.2.3.4", "y/1.2.3.4.png"),
        ] {
            assert_eq!(find(&keys, name).as_deref(), Ok(key), "{name}");
        }
    }

    #[test]
    fn a_name_of_several_images_is_none() {
        let several =
            |keys: &[&str]| NoMatch::Several(keys.iter().map(|key| (*key).to_owned()).collect());
        assert_eq!(
            find(&["a/1.png", "b/1.png"], "1.png"),
            Err(several(&["a/1.png", "b/1.png"]))
        );
        assert_eq!(
            find(&["1.png", "1.tif"], "1"),
            Err(several(&["1.png", "1.tif"]))
        );
        assert_eq!(
            find(&["a/Q.png", "a/q.png"], "A/q.png"),
            Err(several(&["a/Q.png", "a/q.png"]))
        );
        assert_eq!(
            find(&["11.png", "test/1.png"], "train/1.png"),
            Err(NoMatch::None)
        );
    }
}
