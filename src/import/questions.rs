//! Decides which documents are the same question.
//!
//! A document is identified by the hash from the evaluation tool, or by its content; other documents of the
//! task are the same question if their texts are equal. Within one file two documents are two questions, even
//! with the same text.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::document::Asked;
use super::prompt::alike;
use super::run::{Document, Run};
use crate::dataset::Split;

/// A document in some file.
struct Entry {
    task: u32,
    asked: Arc<Asked>,
    split: Option<Split>,
    keys: [u64; 2],
    id: Option<u64>,
    task_hash: Option<String>,
    /// Its number among the documents of its file with the same key.
    nth: [u32; 2],
    /// True if a document with another text was matched to it.
    varies: bool,
}

/// The entries of a task with the same hash, content or id.
type Index = HashMap<(u32, u64), Vec<u32>>;
/// Returns a key of a document.
type Key = fn(&Document) -> Option<u64>;

/// The documents of all files.
#[derive(Default)]
pub(super) struct Documents {
    /// The names of the tasks.
    pub(super) tasks: Vec<String>,
    task_index: HashMap<String, u32>,
    entries: Vec<Entry>,
    by_hash: Index,
    by_content: Index,
    by_id: Index,
    /// Tasks in which the text alone does not distinguish questions.
    ambiguous: HashSet<u32>,
    /// Documents matched to one with another hash.
    rehashed: usize,
}

/// The questions of the documents.
pub(super) struct Questions {
    /// The question of each document.
    pub(super) of: Vec<u32>,
    /// Task and text of each question.
    pub(super) all: Vec<(u32, String)>,
    /// The split of each, if a file has it.
    pub(super) splits: Vec<Option<Split>>,
    /// Documents whose text differs from that of their question.
    pub(super) merged_texts: usize,
    /// Documents matched to another one by their text.
    pub(super) merged_documents: usize,
}

impl Documents {
    /// The index of a task.
    pub(super) fn task(&mut self, name: &str) -> u32 {
        let next = self.tasks.len() as u32;
        let task = *self.task_index.entry(name.to_owned()).or_insert(next);
        if task == next {
            self.tasks.push(name.to_owned());
        }
        task
    }

    /// Adds the documents of a run, and updates its indices.
    pub(super) fn admit(&mut self, run: &mut Run) {
        let task = self.task(&run.task);
        let docs = std::mem::take(&mut run.docs);
        let mut found: Vec<Option<u32>> = vec![None; docs.len()];
        let mut used = HashSet::new();
        let ways: [(&Index, Key); 2] =
            [(&self.by_hash, |doc| doc.hash), (&self.by_content, |doc| doc.content)];
        for (index, key) in ways {
            for (doc, found) in docs.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
                let Some(known) = key(doc).and_then(|key| index.get(&(task, key))) else {
                    continue;
                };
                let free = || known.iter().filter(|at| !used.contains(*at));
                let same = free().find(|at| self.entries[**at as usize].id == doc.id);
                if let Some(&at) = same.or_else(|| free().next()) {
                    used.insert(at);
                    *found = Some(at);
                }
            }
        }
        // Without a document there is only the prompt, in the model's own template.
        for (doc, found) in docs.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            let (None, None, Some(id)) = (doc.hash, doc.content, doc.id) else { continue };
            let known = self.by_id.get(&(task, id)).map_or(&[][..], Vec::as_slice);
            let same = known.iter().filter(|at| !used.contains(*at)).find(|at| {
                let entry = &self.entries[**at as usize];
                let hashed = run.task_hash.is_some() && entry.task_hash == run.task_hash;
                hashed || alike(&entry.asked.stem, &doc.asked.stem)
            });
            if let Some(&at) = same {
                used.insert(at);
                *found = Some(at);
            }
        }
        let mut taken: [HashMap<u64, HashSet<u32>>; 2] = [HashMap::new(), HashMap::new()];
        for at in &used {
            let entry = &self.entries[*at as usize];
            for (which, taken) in taken.iter_mut().enumerate() {
                taken.entry(entry.keys[which]).or_default().insert(entry.nth[which]);
            }
        }
        let mut seen: HashMap<u64, u64> = HashMap::new();
        let mut entries = Vec::with_capacity(docs.len());
        for (doc, found) in docs.into_iter().zip(found) {
            let keys = [doc.asked.key(), doc.asked.wide_key()];
            // The same text with different other fields, in one file: the text alone is not enough.
            if *seen.entry(keys[0]).or_insert(keys[1]) != keys[1] {
                self.ambiguous.insert(task);
            }
            let (hash, content, id, split) = (doc.hash, doc.content, doc.id, doc.split);
            let at = match found {
                Some(at) => {
                    let known = |hash| self.by_hash.contains_key(&(task, hash));
                    self.rehashed += usize::from(hash.is_some_and(|hash| !known(hash)));
                    self.again(at, doc.asked, keys);
                    at
                }
                None => self.add(task, doc, keys, run.task_hash.clone(), &mut taken),
            };
            // A question that is held out in one file stays held out.
            let known = &mut self.entries[at as usize].split;
            *known = (*known).max(split);
            for (index, key) in [(&mut self.by_hash, hash), (&mut self.by_content, content)] {
                let Some(key) = key else { continue };
                let known = index.entry((task, key)).or_default();
                if !known.contains(&at) {
                    known.push(at);
                }
            }
            if let (None, None, Some(id)) = (hash, content, id) {
                self.by_id.entry((task, id)).or_default().push(at);
            }
            entries.push(at);
        }
        for part in &mut run.parts {
            part.docs.iter_mut().for_each(|doc| *doc = entries[*doc as usize]);
        }
    }

    /// A document occurs again, maybe with another text: that of a document takes precedence over a raw
    /// prompt.
    fn again(&mut self, at: u32, asked: Arc<Asked>, keys: [u64; 2]) {
        let entry = &mut self.entries[at as usize];
        if entry.keys[0] != keys[0] {
            entry.varies = true;
            if entry.asked.rendered && !asked.rendered {
                (entry.asked, entry.keys, entry.nth) = (asked, keys, [0, 0]);
            }
        }
    }

    fn add(
        &mut self,
        task: u32,
        doc: Document,
        keys: [u64; 2],
        task_hash: Option<String>,
        taken: &mut [HashMap<u64, HashSet<u32>>; 2],
    ) -> u32 {
        let at = self.entries.len() as u32;
        let nth = [0, 1].map(|which| {
            let taken = taken[which].entry(keys[which]).or_default();
            let nth = (0..=u32::MAX).find(|nth| !taken.contains(nth)).unwrap_or_default();
            taken.insert(nth);
            nth
        });
        self.entries.push(Entry {
            task,
            asked: doc.asked,
            split: doc.split,
            keys,
            id: doc.id,
            task_hash,
            nth,
            varies: false,
        });
        at
    }

    /// Determines the question of each document.
    pub(super) fn resolve(&self) -> Questions {
        let mut index: HashMap<(u32, u64, u32), u32> = HashMap::new();
        let mut questions = Questions {
            of: Vec::new(),
            all: Vec::new(),
            splits: Vec::new(),
            merged_texts: 0,
            merged_documents: self.rehashed,
        };
        for entry in &self.entries {
            let wide = self.ambiguous.contains(&entry.task);
            let which = usize::from(wide);
            let next = questions.all.len() as u32;
            let key = (entry.task, entry.keys[which], entry.nth[which]);
            let question = *index.entry(key).or_insert(next);
            if question == next {
                questions.all.push((entry.task, entry.asked.text(wide)));
                questions.splits.push(entry.split);
            } else {
                let known = &mut questions.splits[question as usize];
                *known = (*known).max(entry.split);
                questions.merged_documents += 1;
            }
            questions.merged_texts += usize::from(entry.varies);
            questions.of.push(question);
        }
        questions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(hash: u64, id: u64, stem: &str, rest: &str) -> Document {
        let asked = Asked { stem: stem.into(), rest: rest.into(), ..Asked::default() };
        let hash = (hash > 0).then_some(hash);
        Document { hash, id: Some(id), asked: asked.into(), ..Document::default() }
    }

    /// The questions of files with such documents.
    fn questions(files: Vec<Vec<Document>>) -> (Vec<Vec<u32>>, Questions) {
        let mut documents = Documents::default();
        let mut runs = Vec::new();
        for docs in files {
            let mut run = Run { task: "t".into(), ..Run::default() };
            for doc in docs {
                run.answer(1, doc, "", &[("acc".into(), 1.0)]);
            }
            documents.admit(&mut run);
            runs.push(run);
        }
        let questions = documents.resolve();
        let of =
            |run: &Run| run.parts[0].docs.iter().map(|at| questions.of[*at as usize]).collect();
        (runs.iter().map(of).collect(), questions)
    }

    #[test]
    fn hashes_unite_texts_that_differ() {
        let (of, all) = questions(vec![
            vec![doc(7, 1, "Why is it?", "")],
            vec![doc(7, 1, "Q: Why is it? A:", "")],
        ]);
        assert_eq!(of, [[0], [0]]);
        assert_eq!((all.all[0].1.as_str(), all.merged_texts), ("Why is it?", 1));
    }

    #[test]
    fn one_text_of_two_files_is_one_question_and_of_one_file_two() {
        let (of, all) = questions(vec![vec![doc(1, 1, "Why?", "")], vec![doc(2, 1, " Why?", "")]]);
        assert_eq!((of, all.merged_documents), (vec![vec![0], vec![0]], 1));
        let two = || vec![doc(1, 1, "Why?", ""), doc(2, 2, "Why?", "")];
        let (of, all) = questions(vec![two(), two()]);
        assert_eq!((of, all.all.len()), (vec![vec![0, 1], vec![0, 1]], 2));
    }

    #[test]
    fn what_the_text_leaves_out_is_added_where_it_tells_questions_apart() {
        let (of, all) = questions(vec![
            vec![doc(1, 1, "Why?", "hint: a"), doc(2, 2, "Why?", "hint: b")],
            vec![doc(3, 1, "Why?", "hint: c"), doc(0, 2, "Why?", "hint: b")],
        ]);
        assert_eq!(of, [[0, 1], [2, 1]]);
        assert_eq!(all.all[1].1, "Why?\nhint: b");
        let (of, all) =
            questions(vec![vec![doc(1, 1, "Why?", "note: a")], vec![doc(2, 1, "Why?", "note: b")]]);
        assert_eq!((of, all.all[0].1.as_str()), (vec![vec![0], vec![0]], "Why?"));
    }

    #[test]
    fn prompts_without_a_document_are_known_by_their_number_and_words() {
        let sent = |id: u64, stem: &str| {
            let asked = Asked { stem: stem.into(), rendered: true, ..Asked::default() };
            Document { id: Some(id), asked: asked.into(), ..Document::default() }
        };
        let (of, _) = questions(vec![
            vec![sent(1, "USER Why is it wet? BOT"), sent(2, "USER Who broke the chair? BOT")],
            vec![
                sent(2, "<x>Who broke the chair?<y>"),
                sent(1, "<x>Where do birds sleep at night?<y>"),
            ],
        ]);
        assert_eq!(of, [[0, 1], [1, 2]]);
    }
}
