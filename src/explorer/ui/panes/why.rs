//! Explains a ranking: one sentence, the most similar benchmarks and questions, what else would win, and the
//! terms of the logits.

use ratatui::text::{Line, Span};

use crate::analysis::router::{Candidate, Evidence, Route, Unit};
use crate::dataset::Kind;
use crate::embedder::{Benchmark, LogitTerms, Scope};
use crate::explorer::state::State;
use crate::explorer::state::job::Job;
use crate::explorer::state::route::{LEADING, Similar, View};
use crate::explorer::theme::Ink;
use crate::explorer::ui::widgets::{heading, heading_with, pad, paragraph, whole, width};
use crate::one_line;

/// Maximum width of a question's benchmark, and minimum width of its text.
const CATEGORY: usize = 22;
const TEXT: usize = 16;
/// Columns from which on the best measured model has one.
const FEW: usize = 3;
/// Width of the answer of one candidate.
const ANSWER: usize = 3;
/// Width of the share of correct answers over all models.
const SHARE: usize = 6;
/// Width of the accuracy of one candidate.
const ACCURACY: usize = 7;
/// From this difference on, a prompt looks easier or harder than the most similar benchmarks.
const BESIDE: f64 = 0.03;
/// What the percentages before similar benchmarks are.
const SHARES: [&str; 2] = ["by share of similar questions", "by share of questions"];
/// Widths of the name of a row of terms, and of a term.
const TERM: usize = 9;

/// All parts, most important first. Each starts with a heading.
pub fn parts(state: &State, route: &Route, room: usize) -> Vec<Vec<Line<'static>>> {
    let parts = [
        sentence(state, route, room),
        likes(state, route, room),
        questions(state, route, room),
        changes(state, route, room),
        terms(state, route, room),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}

/// As many of the parts as fit, in order; those that do not fit are skipped.
pub fn fitting(parts: Vec<Vec<Line<'static>>>, height: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line> = Vec::new();
    for part in parts {
        let gap = usize::from(!lines.is_empty());
        if lines.len() + gap + part.len() <= height {
            lines.extend(std::iter::repeat_n(Line::default(), gap));
            lines.extend(part);
        }
    }
    lines
}

/// Lines of all parts below each other.
pub fn height(parts: &[Vec<Line>]) -> usize {
    parts.iter().map(Vec::len).sum::<usize>() + parts.len().saturating_sub(1)
}

/// Why the first candidate is first.
fn sentence(state: &State, route: &Route, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let name = |model: usize| state.short(model).to_owned();
    let text = one_line(&route.sentence(&name, unit(state)));
    let mut lines = vec![heading(theme, room, "Why", "")];
    lines.extend(paragraph(&text, room, theme.ink(Ink::Text)));
    for remark in route.remarks() {
        lines.extend(paragraph(&one_line(&remark), room, theme.ink(Ink::Warn)));
    }
    lines
}

/// The rank of a candidate as in the list.
fn rank(place: usize) -> String {
    if place == 0 { "★".into() } else { (place + 1).to_string() }
}

/// The candidates that have a column, by how they are called there: the first ones, and at the end the best
/// measured one, whose answers are known.
fn leading(route: &Route, most: usize) -> Vec<(String, &Candidate)> {
    let mut shown: Vec<(String, &Candidate)> =
        route.candidates.iter().take(most).enumerate().map(|(i, c)| (rank(i), c)).collect();
    if let Some(best) = &route.why.best_measured
        && shown.len() >= FEW
        && shown.iter().all(|(_, c)| c.model != best.model)
    {
        shown.pop();
        shown.push((best.measured.badge().into(), best));
    }
    shown
}

/// A benchmark similar to the prompt.
struct Like<'a> {
    /// Its share of the nearest questions.
    share: f64,
    name: String,
    /// Its scores, if it is among the benchmarks of the models.
    benchmark: Option<&'a Benchmark>,
}

impl<'a> Like<'a> {
    fn of(state: &'a State, evidence: &Evidence) -> Self {
        let name = one_line(&evidence.category);
        let benchmark = state.model_set.benchmarks.iter().find(|b| b.name == name);
        Self { share: evidence.share, name, benchmark }
    }

    /// The measured accuracy of a candidate on its questions.
    fn accuracy(&self, candidate: &Candidate) -> Option<f64> {
        Some(self.benchmark?.scores.get(candidate.model)?.accuracy)
    }

    /// Its predicted accuracy, once that is computed.
    fn predicted(&self, state: &State, candidate: &Candidate) -> Option<f64> {
        let grid = state.forecasts.grid.done()?;
        let at = state.model_set.benchmarks.iter().position(|b| b.name == self.name)?;
        Some(grid.get(at)?.get(candidate.model)?.accuracy.mean)
    }

    /// Its row, up to its name.
    fn row(&self, state: &State, name_room: usize) -> Line<'static> {
        Line::from(vec![
            Span::styled(format!("{:>3.0}% ", 100.0 * self.share), state.theme.bold(Ink::Accent)),
            Span::styled(pad(&self.name, name_room), state.theme.ink(Ink::Text)),
        ])
    }
}

/// The most similar benchmarks, and the accuracies of the leading candidates there.
fn likes(state: &State, route: &Route, room: usize) -> Vec<Line<'static>> {
    let likes: Vec<Like> = route.evidence.iter().map(|e| Like::of(state, e)).collect();
    let Some(longest) = likes.iter().map(|like| width(&like.name)).max() else {
        return Vec::new();
    };
    let left = room.saturating_sub(5);
    let title = "Most similar benchmarks";
    let beside = longest.min(CATEGORY).max((width(title) + 2).saturating_sub(5));
    let leading = leading(route, LEADING.min(left.saturating_sub(beside) / ACCURACY));
    let shown = leading.len();
    let known =
        |like: &Like, c: &Candidate| like.accuracy(c).or(like.predicted(state, c)).is_some();
    if route.scope == Scope::Out {
        // Accuracies there say nothing about the prompt.
        let head = heading_with(&state.theme, room, title, &SHARES);
        let rows = likes.iter().map(|like| like.row(state, longest.min(left)));
        return std::iter::once(head).chain(rows).collect();
    }
    if !likes.iter().any(|like| leading.iter().any(|(_, c)| known(like, c))) {
        let head = heading_with(&state.theme, room, title, &SHARES);
        let name_room = longest.min(left);
        let rows = likes.iter().map(|like| best_measured(state, route, room, like, name_room));
        return std::iter::once(head).chain(rows).collect();
    }
    let columns = aligned(leading.iter().map(|(name, _)| name), ACCURACY);
    let remark = ["accuracy, ~ predicted", "~ predicted"];
    let beside = left.saturating_sub(ACCURACY * shown + width(title));
    let remark = remark.into_iter().find(|remark| width(remark) <= beside).unwrap_or_default();
    let mut lines = vec![over(state, room, title, remark, &columns)];
    lines.extend(likes.iter().map(|like| {
        let mut line = like.row(state, left.saturating_sub(ACCURACY * shown));
        line.extend(leading.iter().enumerate().map(|(at, (_, candidate))| {
            let (measured, predicted) =
                (like.accuracy(candidate), like.predicted(state, candidate));
            let text = match (measured, predicted) {
                (Some(share), _) => format!("{:.0}%", 100.0 * share),
                (None, Some(share)) => format!("~{:.0}%", 100.0 * share),
                (None, None) => "–".into(),
            };
            let ink = if at == 0 && measured.is_some() { Ink::MapRouted } else { Ink::Muted };
            Span::styled(format!("{text:>ACCURACY$}"), state.theme.ink(ink))
        }));
        line
    }));
    lines.extend(prompt_row(state, &likes, &leading, left));
    lines
}

/// The row of the prompt below those of the benchmarks: its probabilities, and whether they are higher or
/// lower because it looks easier or harder than most questions there.
fn prompt_row(
    state: &State,
    likes: &[Like],
    leading: &[(String, &Candidate)],
    left: usize,
) -> Option<Line<'static>> {
    let (_, first) = leading.first()?;
    let known = likes.iter().filter_map(|like| {
        let level = like.accuracy(first).or(like.predicted(state, first))?;
        Some((like.share, like.share * level))
    });
    let (shares, sum) = known.fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
    let beyond = f64::from(first.p) - sum / shares.max(f64::MIN_POSITIVE);
    let looks = match beyond {
        _ if shares == 0.0 || beyond.abs() < BESIDE => "",
        b if b > 0.0 => ", easier than these",
        _ => ", harder than these",
    };
    let name_room = left.saturating_sub(ACCURACY * leading.len());
    let label = format!("this prompt{looks}");
    let label = if width(&label) <= name_room { &label } else { "this prompt" };
    let mut line = Line::from(vec![
        Span::raw(" ".repeat(5)),
        Span::styled(pad(label, name_room), state.theme.ink(Ink::Text)),
    ]);
    line.extend(leading.iter().enumerate().map(|(at, (_, candidate))| {
        let text = format!("{:.0}%", 100.0 * candidate.p);
        let ink = if at == 0 { Ink::MapRouted } else { Ink::Text };
        Span::styled(format!("{text:>ACCURACY$}"), state.theme.bold(ink))
    }));
    Some(line)
}

/// A row for a benchmark on which none of the leading candidates was evaluated: the best candidate there.
fn best_measured(
    state: &State,
    route: &Route,
    room: usize,
    like: &Like,
    name_room: usize,
) -> Line<'static> {
    let measured = route.candidates.iter().filter_map(|c| Some((c.model, like.accuracy(c)?)));
    let best = measured.max_by(|a, b| a.1.total_cmp(&b.1));
    let mut line = like.row(state, name_room);
    let rest = room.saturating_sub(5 + name_room);
    let best = best.map_or_else(String::new, |(model, share)| {
        let (share, name) = (100.0 * share, state.short(model));
        // A name that would be cut is left out.
        let texts = [
            format!("  best measured: {share:.0}% {name}"),
            format!("  best {share:.0}% {name}"),
            format!("  best measured: {share:.0}%"),
            format!("  best {share:.0}%"),
        ];
        whole(&texts, rest).to_owned()
    });
    line.push_span(Span::styled(best, state.theme.ink(Ink::Muted)));
    line
}

/// A heading with titles for the columns at the right.
fn over(state: &State, room: usize, title: &str, remark: &str, columns: &str) -> Line<'static> {
    let left = room.saturating_sub(width(columns));
    let remark = if width(title) + width(remark) + 4 <= left { remark } else { "" };
    let mut line = heading(&state.theme, left, title, remark);
    line.push_span(Span::styled(columns.to_owned(), state.theme.bold(Ink::Muted)));
    line
}

/// The most similar training questions, with the answers of the leading candidates.
fn questions(state: &State, route: &Route, room: usize) -> Vec<Line<'static>> {
    let (theme, title) = (&state.theme, "Most similar training questions");
    let muted = theme.ink(Ink::Muted);
    let note = |text: &str| {
        let heading = heading(theme, room, title, "");
        std::iter::once(heading).chain(paragraph(text, room, muted)).collect()
    };
    // The list needs the space more than this remark.
    if !state.with_data && state.route.view != View::Why {
        return Vec::new();
    }
    if !state.with_data {
        return note("Start with --data FOLDER to see them, and who answered them correctly.");
    }
    match &state.route.finding {
        Job::Running if state.route.similar.is_empty() => return note("reading the data set …"),
        Job::Failed(problem) => return note(problem),
        _ if state.route.similar.is_empty() => return Vec::new(),
        _ => {}
    }
    let fitting = room.saturating_sub(width(title) + 1 + SHARE) / ANSWER;
    let leading = leading(route, LEADING.min(fitting));
    let shown = leading.len();
    let ranks = aligned(leading.iter().map(|(name, _)| name), ANSWER);
    let signs = "✓ correct  ✗ incorrect  · not asked";
    let columns = format!("{:>SHARE$}{ranks}", "all");
    let mut lines = vec![over(state, room, title, signs, &columns)];
    let left = room.saturating_sub(5 + SHARE + ANSWER * shown);
    let longest = state.route.similar.iter().map(|q| width(&q.category)).max().unwrap_or_default();
    // The benchmark comes before the text if there is space for both.
    let category = longest.min(CATEGORY);
    let category = if left >= category + 1 + 2 * TEXT { category } else { 0 };
    for question in &state.route.similar {
        let mut spans = vec![Span::styled(format!("{:>4} ", cosine(question.cosine)), muted)];
        let mut text_room = left;
        if category > 0 {
            text_room -= category + 1;
            let name = format!("{} ", pad(&question.category, category));
            spans.push(Span::styled(name, theme.ink(Ink::Accent)));
        }
        spans.push(Span::styled(pad(&question.prompt, text_room), theme.ink(Ink::Text)));
        let share = question.correct().map_or_else(|| "–".into(), |p| format!("{:.0}%", 100.0 * p));
        spans.push(Span::styled(format!("{share:>SHARE$}"), muted));
        let answers = leading.iter().map(|(_, c)| answer(question, c.model));
        spans.extend(
            answers.map(|(sign, ink)| Span::styled(format!("{sign:>ANSWER$}"), theme.bold(ink))),
        );
        lines.push(Line::from(spans));
    }
    lines
}

/// The answer of a model to a question, as a symbol.
fn answer(question: &Similar, model: usize) -> (&'static str, Ink) {
    match question.answers.iter().find(|(known, _)| *known == model) {
        Some((_, label)) if *label >= 0.5 => ("✓", Ink::Good),
        Some(_) => ("✗", Ink::Bad),
        None => ("·", Ink::Muted),
    }
}

/// A similarity without the leading zero.
fn cosine(value: f64) -> String {
    let text = format!("{value:.2}");
    text.strip_prefix('0').map_or_else(|| text.clone(), Into::into)
}

/// What speaks for others: what was measured of them, where the runner-up was ahead, what would put it first, and
/// a cascade of two models.
fn changes(state: &State, route: &Route, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let best = route.best_measured(&|model| state.short(model).to_owned());
    let mut sentences: Vec<String> = best.map(|best| one_line(&best)).into_iter().collect();
    if let Some(second) = &route.why.runner_up {
        let name = state.short(second.model);
        if let Some((category, own, other)) = &second.ahead_on {
            let (own, other) = (100.0 * own, 100.0 * other);
            let category = one_line(category);
            sentences.push(format!(
                "The runner-up {name} was ahead on {category} ({own:.0}% to {other:.0}%)."
            ));
        }
        if let Some(weight) = second.from_weight {
            sentences.push(format!(
                "{name} comes first from cost weight {weight:.1} on (> weighs cost more)."
            ));
        }
    }
    // Answers to open questions cannot be checked.
    let checked = route.evidence.iter().all(|e| e.kind == Kind::Correctness);
    let applies = checked && route.scope != Scope::Out;
    let plan = route.cascade.as_ref().filter(|_| applies);
    if let Some((plan, unit)) = plan.zip(unit(state)) {
        let (first, then) = (state.short(plan.first), state.short(plan.then));
        let (quality, cost) = (100.0 * plan.quality, unit.text(plan.cost));
        let per = if unit == Unit::Dollars { " per M tokens" } else { "" };
        sentences.push(format!(
            "Two steps, if answers can be checked: try {first}, escalate to {then} if it is incorrect \
             → {quality:.0}% at {cost}{per} on average."
        ));
    }
    if sentences.is_empty() {
        return Vec::new();
    }
    let lines = sentences.iter().flat_map(|text| paragraph(text, room, theme.ink(Ink::Muted)));
    std::iter::once(heading(theme, room, "Alternatives", "")).chain(lines).collect()
}

/// Texts in right-aligned columns of the same width.
fn aligned(texts: impl IntoIterator<Item = impl std::fmt::Display>, width: usize) -> String {
    texts.into_iter().fold(String::new(), |line, text| line + &format!("{text:>width$}"))
}

/// The terms of the logits of the first two candidates.
fn terms(state: &State, route: &Route, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let columns = ["ability", "ease", "match", "sum"];
    let columns = aligned(columns, TERM);
    let name_room = room.saturating_sub(width(&columns));
    if route.candidates.is_empty() || name_room < TEXT || route.scope == Scope::Out {
        return Vec::new();
    }
    // A logit is the logarithm of the odds.
    let mut lines = vec![over(state, room, "Log odds", "as a sum", &columns)];
    let row = |place: usize, model: usize, terms: &LogitTerms| {
        let name = pad(&format!("{:>2}  {}", rank(place), state.short(model)), name_room);
        let ink = if place == 0 { Ink::MapRouted } else { Ink::Text };
        let values = [terms.ability, terms.ease, terms.fit, terms.sum()];
        let values = aligned(values.map(|value| format!("{value:+.2}")), TERM);
        Line::from(vec![
            Span::styled(name, theme.ink(ink)),
            Span::styled(values, theme.ink(Ink::Muted)),
        ])
    };
    lines.extend(route.candidates.first().map(|c| row(0, c.model, &route.why.parts)));
    lines.extend(route.why.runner_up.as_ref().map(|second| row(1, second.model, &second.parts)));
    let meaning = "ability: how strong the model is · ease: how easy the prompt is for all models · \
                   match: how well the two go together";
    lines.extend(paragraph(meaning, room, theme.ink(Ink::Muted)));
    lines
}

/// The unit of the costs.
pub fn unit(state: &State) -> Option<Unit> {
    state.model_set.costs().unit()
}
