//! `--sql` and `--cluster`: answers from a query over logs.

use std::path::{Path, PathBuf};

use crate::dataset::Dataset;
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(next_help_heading = "Queries")]
pub struct Sql {
    /// Take the answers from a query over files, such as
    /// `SELECT prompt_id, model_id, label FROM 'logs/*.parquet'`.
    #[arg(long, value_name = "QUERY", hide = cfg!(not(feature = "sql")))]
    pub sql: Option<String>,
    /// Run the query on the Ballista cluster of this scheduler.
    #[arg(long, value_name = "df://HOST:PORT", requires = "sql",
        hide = cfg!(not(feature = "sql")))]
    cluster: Option<String>,
}

/// The error of a build without queries.
#[cfg(not(feature = "sql"))]
fn lacking() -> Error {
    Error::usage(
        "this build does not support queries: it lacks the feature `sql`",
        "cargo build --release --features sql",
    )
}

impl Sql {
    /// The data set in `folder`. With a query, its responses are the rows of the result; without a folder,
    /// the rows also have the texts and the names of the models.
    pub fn data(&self, folder: Option<&Path>) -> Result<Dataset> {
        match (folder, &self.sql) {
            (Some(folder), None) => super::data(folder),
            (folder, Some(sql)) => self.queried(folder, sql),
            (None, None) => Err(Error::usage("no data", "pass its folder, or a query (--sql)")),
        }
    }

    #[cfg(feature = "sql")]
    fn queried(&self, folder: Option<&Path>, sql: &str) -> Result<Dataset> {
        use crate::dataset::{Form, load, load_with_responses};
        use crate::import::{Format, Options, import};
        use crate::progress::Progress;

        if let Some(folder) = folder {
            let rows = self.rows(sql, &["prompt_id", "model_id", "label"], false)?;
            return load_with_responses(folder, rows.path()).map_err(|e| rows.explain(e));
        }
        let rows = self.rows(sql, &[], true)?;
        let options = Options { strict: true, ..Options::default() };
        let (paths, cancel) = ([rows.path().into()], super::signals::flag());
        let found = import(Format::Long, &paths, &options, &mut Progress::until(&cancel));
        let made = tempfile::tempdir().map_err(|e| Error::io(&std::env::temp_dir(), e))?;
        // The embedder stores the name of its data set.
        let folder = made.path().join("query");
        std::fs::create_dir(&folder).map_err(|e| Error::io(&folder, e))?;
        found.map_err(|e| rows.explain(e))?.write_unchecked(&folder, Form::Parquet)?;
        load(&folder)
    }

    #[cfg(not(feature = "sql"))]
    #[expect(clippy::unused_self, reason = "the same call with and without the feature")]
    fn queried(&self, _: Option<&Path>, _: &str) -> Result<Dataset> {
        Err(lacking())
    }

    /// Applies `read` to the files at `paths` or, with a query, to its result.
    #[cfg(feature = "sql")]
    pub fn table<T>(
        &self,
        paths: &[PathBuf],
        read: impl FnOnce(&[PathBuf]) -> Result<T>,
    ) -> Result<T> {
        let Some(sql) = &self.sql else { return read(paths) };
        let rows = self.rows(sql, &[], true)?;
        read(&[rows.path().into()]).map_err(|e| rows.explain(e))
    }

    /// Applies `read` to the files at `paths`.
    #[cfg(not(feature = "sql"))]
    pub fn table<T>(
        &self,
        paths: &[PathBuf],
        read: impl FnOnce(&[PathBuf]) -> Result<T>,
    ) -> Result<T> {
        if self.sql.is_none() { read(paths) } else { Err(lacking()) }
    }

    #[cfg(feature = "sql")]
    fn rows(&self, sql: &str, needed: &[&str], ordered: bool) -> Result<crate::sql::Rows> {
        let query = crate::sql::Query { sql, cluster: self.cluster.as_deref() };
        query.run(needed, ordered, &super::signals::flag())
    }
}
