//! Search words and descriptions of commands.

use crate::explorer::command::{Command, Exported, NewModelCommand as N, RouteCommand as R};
use crate::explorer::pane::Pane;
use crate::explorer::state::coloring::ColorBy;
use crate::explorer::state::map::Projector;

/// Search words for a command, and a one-sentence description; both may be empty.
pub fn words(command: &Command) -> (&'static str, &'static str) {
    use Command as C;
    match command {
        C::Projections => (
            "pca t-sne tsne umap projection embedding layout dimensionality reduction linear axis",
            "PCA, t-SNE, or the direction in which an attribute changes.",
        ),
        C::UseProjector(projector) => of_projector(*projector),
        C::TurnCoverage => of_projector(Projector::WithoutCoverage),
        C::NextAxes | C::Axes => (
            "axis axes components pc1 pc2 pca dimensions",
            "Which two principal components are shown.",
        ),
        C::Space => ("3d 3-d three dimensions depth volume", "The first three components."),
        C::Spin => ("3d 3-d rotate turn orbit animation", "Rotates the 3-D map slowly."),
        C::Turn(_) => ("3d 3-d rotate turn orbit tilt", "Rotates the 3-D map."),
        C::Colors => (
            "color colour heat hue legend group cluster attribute family size accuracy",
            "By an attribute, a benchmark, clusters, uncertainty, or the probabilities for the prompt.",
        ),
        C::ColorBy(by) => of_color(*by),
        C::Card => (
            "cluster card group class describe distinguish difference prototypes lift profile summary legend members",
            "Prototypes, accuracy against the rest, attributes, stability, nearest group, coverage.",
        ),
        C::Isolate => ("legend group class highlight only", "The other groups are dimmed."),
        C::NextView => (
            "marker shape dots braille blocks octants plot pinned history why",
            "In the Map the style of the markers; in Route the ranking, its reasons, accuracy \
             against cost (the Pareto front), pinned prompts, the history.",
        ),
        C::Density => (
            "density crowded contour kde",
            "Shows where many models are: contours in pixels, shades in cells.",
        ),
        C::Pixels => (
            "pixel pixels graphics image kitty sixel iterm2 picture smooth",
            "Paints the map in pixels where the terminal can (kitty graphics, sixel, iTerm2).",
        ),
        C::Names => ("labels text", "Shows or hides the names beside the points."),
        C::Tool => ("lasso box select brush zoom drag", "What dragging with the left button does."),
        C::Fit | C::Reset => ("home center whole reset zoom", "Shows the whole map again."),
        C::ZoomToMarked => ("selection focus fit", "The marked models fill the map."),
        C::ZoomIn | C::ZoomOut => ("wheel scale", "About the selected model; the wheel zooms too."),
        C::Mark => ("select tag pick toggle", "Marked models keep their colors on the map."),
        C::Select => (
            "filter query where expression select",
            "For example: coder and params_b < 20, gsm8k > 80, or words of names.",
        ),
        C::MarkNeighbors => ("similar nearest knn alike select", "Marks the nearest models."),
        C::MarkErrors => {
            ("errors wrong misclassified select", "Of the attribute under the cursor.")
        }
        C::MarkCluster => ("cluster group similar select", "Marks the models of its cluster."),
        C::MarkShown => ("select all table", "Marks all models that pass the filter."),
        C::Invert => ("complement others select", "Marks all that were not marked."),
        C::SaveSelection => ("bookmark store selection", "Saves the marked models under a name."),
        C::Selections => ("bookmark recall load selection", "Marks saved models again."),
        C::Export => (
            "save write file csv json markdown md parquet table download spreadsheet",
            "The table of the pane as it is shown. Or with a name: export table.csv",
        ),
        C::ExportTo(exported) => of_export(*exported),
        C::Copy => ("clipboard yank names osc52", "To the clipboard, by OSC 52."),
        C::Search => ("find model name jump go", "Lists the models that match, with a preview."),
        C::Filter => (
            "where query expression limit crossfilter cross-filter family size maker year reasoning",
            "On map, tables and router at once: family=qwen size<10 reasoning=yes, or words of names.",
        ),
        C::ClearFilter => ("filter reset all models unfilter", "Shows all models again."),
        C::Prompt => ("route ask question best model router", "Ranks the models for a prompt."),
        C::Maximize => ("zoom fullscreen full screen enlarge bigger", "The whole window."),
        C::Themes | C::NextTheme | C::UseTheme(_) => {
            ("theme dark light colors appearance contrast color-blind", "With a preview.")
        }
        C::Columns => ("table fields show hide", "Which columns the table has."),
        C::Sort => ("order rank descending ascending", "By the column under the cursor."),
        C::NameGroup => (
            "group label attribute tag probe own",
            "The marked models become an attribute, which is probed.",
        ),
        C::Undo | C::Redo => ("back forward history", "Marks, projection, zoom and colors."),
        C::Mouse => ("mouse select text copy terminal", "Off: the terminal selects text."),
        C::Quit => ("exit leave close", ""),
        C::Tour => (
            "tour tutorial tutor introduction intro guide start learn onboarding",
            "A few steps that show what there is and which keys to try.",
        ),
        C::Help => (
            "help keys shortcuts bindings manual",
            "The keys, signs and words of the focused pane.",
        ),
        C::Focus(pane) => pane.words(),
        C::Route(route) => of_router(*route),
        C::NewModel(N::Next) => (
            "onboard new ask informative active",
            "Asks the most informative question (needs --data).",
        ),
        C::NewModel(_) => ("onboard new model answer", ""),
        _ => ("", ""),
    }
}

fn of_projector(projector: Projector) -> (&'static str, &'static str) {
    match projector {
        Projector::Pca => {
            ("pca linear projection axis axes", "Linear: distances shrink, directions hold.")
        }
        Projector::Tsne => {
            ("tsne umap nonlinear projection embedding", "Keeps neighborhoods, not distances.")
        }
        Projector::WithoutCoverage => (
            "coverage confound deconfound residual regress adjust axis",
            "Turns out what follows from the list of benchmarks that a model was evaluated on.",
        ),
        Projector::Attribute(_) => {
            ("lda supervised projection axis", "The direction in which the attribute changes.")
        }
    }
}

fn of_export(exported: Exported) -> (&'static str, &'static str) {
    match exported {
        Exported::Models => (
            "save write file json download selection",
            "Writes what is known of the marked models, as JSON.",
        ),
        Exported::Table(Pane::Forecast) => (
            "save write file csv json markdown predictions",
            "Writes the shown models on all benchmarks.",
        ),
        Exported::Table(_) => (
            "save write file csv json markdown md parquet table",
            "What the filter leaves, in the order shown.",
        ),
        Exported::Answers => {
            ("save write file csv onboard", "Writes the answers of the new model.")
        }
    }
}

fn of_color(by: ColorBy) -> (&'static str, &'static str) {
    match by {
        ColorBy::Cluster => (
            "clusters k-means kmeans groups communities",
            "k-means on the directions of the vectors.",
        ),
        ColorBy::Forecast => {
            ("heat heatmap chance probability prompt", "How likely each model answers correctly.")
        }
        ColorBy::Uncertainty => {
            ("confidence error deviation", "The uncertainty about each model, in log odds.")
        }
        ColorBy::Benchmark(_) => {
            ("heat accuracy score benchmark", "The accuracy of each model on the benchmark.")
        }
        ColorBy::Attribute(_) => ("attribute group", "The attribute of each model."),
        ColorBy::Nothing => ("none plain reset", "One color for all models."),
    }
}

fn of_router(command: R) -> (&'static str, &'static str) {
    match command {
        R::Plot => (
            "pareto front cost price quality accuracy tradeoff scatter",
            "Every model of known cost, and the Pareto front: none better for less.",
        ),
        R::Cheaper | R::Better => ("cost price cheap tradeoff", "How much cost counts."),
        R::RaiseFloor | R::LowerFloor => (
            "quality threshold least chance accuracy",
            "The cheapest model above this probability comes first.",
        ),
        R::CheapestTie => ("cost price cheap tie", "Of those statistically tied with the best."),
        R::CheapestWithin => (
            "cost price cheap points near best",
            "Of those at most 2, 5 or 10 points below the best, in turn.",
        ),
        R::HighestCost => ("price budget limit maximum", "Excludes more expensive models."),
        R::Cautious => ("risk interval lower bound", "Prefers models with more evidence."),
        R::Pools | R::SavePool => ("filter saved models subset", "As for llmap route --pool."),
        R::Heat => ("heat heatmap chance", "How likely each model answers it correctly."),
        R::Pin => ("compare bookmark", "Pinned prompts are compared side by side."),
        R::Older | R::Newer => ("history back", ""),
        R::CopyJson => ("clipboard export", ""),
        R::AnswerTokens | R::AssumeTokens(_) => (
            "answer-tokens length price cost",
            "Sets the assumed length of an answer. Type the number after it: answer-tokens 500",
        ),
        R::Newline => ("", ""),
    }
}
