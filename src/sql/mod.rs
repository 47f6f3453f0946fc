//! Queries over logs, by engines that exist: `DataFusion` on this machine, Ballista on a cluster.
//!
//! The tables of a query are files: `FROM 'logs/*.parquet'`, `FROM 's3://bucket/run.csv'`. What it
//! gives is kept as one Parquet file, batch by batch, which the readers of llmap take from there; so
//! no more than a batch of it is in memory.

mod csv_schema;
mod sources;

use std::fs::File;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ballista::prelude::{SessionConfigExt, SessionContextExt};
use datafusion::common::{Column, DataFusionError};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::Expr;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::{DataFrame, SQLOptions, SessionConfig, SessionContext};
use futures::StreamExt;
use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::progress::proceed;

/// What joins, sorts and groups may hold in memory before they go to the disk: 2 GiB.
const MEMORY: usize = 2 << 30;
/// How long a cancelled query may go on.
const PATIENCE: Duration = Duration::from_millis(100);
/// What messages call the rows of a query.
const NAME: &str = "the rows of --sql";

/// A query, and where it runs.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    /// One `SELECT` (with whatever it needs before it) over files.
    pub sql: &'a str,
    /// The scheduler of a Ballista cluster, as `df://HOST:PORT`; this machine without one.
    pub cluster: Option<&'a str>,
}

/// The rows that a query gave, in a temporary file.
#[derive(Debug)]
pub struct Rows {
    /// Goes with `self`.
    _folder: TempDir,
    file: PathBuf,
}

impl Rows {
    /// The Parquet file, which goes with `self`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// An error about the file as one about the rows of the query, which is all that a user knows.
    #[must_use]
    pub fn explain(&self, error: Error) -> Error {
        match error {
            Error::Input { file, line, problem, fix } if file == self.file => {
                Error::Input { file: PathBuf::from(NAME), line, problem, fix }
            }
            error => error,
        }
    }
}

impl Query<'_> {
    /// Runs the query. With `ordered`, the rows come sorted by all columns, so that they are the same
    /// on every run and cluster; else in whatever order they are ready.
    ///
    /// # Errors
    /// [`Error::Lines`] with the fix if the query is wrong (a usage error, also one that names files
    /// that are not there or cannot be read) or lacks a column of `needed`; a failure if the cluster
    /// is not there or gives up; [`Error::Cancelled`].
    pub fn run(&self, needed: &[&str], ordered: bool, cancel: &AtomicBool) -> Result<Rows> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Error::Failed(format!("no threads for a query: {e}")))?;
        let rows = runtime.block_on(self.rows(needed, ordered, cancel));
        // What was cancelled need not come to its end.
        runtime.shutdown_background();
        rows
    }

    async fn rows(&self, needed: &[&str], ordered: bool, cancel: &AtomicBool) -> Result<Rows> {
        let context = self.context().await?;
        let frame = until(cancel, self.plan(&context)).await??;
        let columns: Vec<String> =
            frame.schema().fields().iter().map(|field| field.name().clone()).collect();
        if let Some(lacking) = needed.iter().find(|name| columns.iter().all(|c| c != *name)) {
            let problem =
                format!("the query gives no `{lacking}` (it gives {})", columns.join(", "));
            return Err(Error::usage(problem, format!("SELECT … AS {lacking}")));
        }
        let keys = columns.iter().map(|name| Expr::Column(Column::from_name(name)));
        let keys = keys.map(|key| key.sort(true, true)).collect();
        let frame = if ordered { frame.sort(keys).map_err(|e| self.fault(e))? } else { frame };
        self.write(frame, cancel).await
    }

    /// Where the query is planned.
    async fn context(&self) -> Result<SessionContext> {
        let mut config = SessionConfig::new();
        // A folder means all that is below it.
        config.options_mut().execution.listing_table_ignore_subdirectory = false;
        let runtime =
            RuntimeEnvBuilder::new().with_memory_pool(Arc::new(FairSpillPool::new(MEMORY)));
        let runtime = runtime.build_arc().map_err(|e| self.fault(e))?;
        let Some(cluster) = self.cluster else {
            return Ok(SessionContext::new_with_config_rt(config, runtime));
        };
        if !cluster.starts_with("df://") {
            let problem = format!("`{cluster}` is not the address of a cluster");
            return Err(Error::usage(problem, "write df://HOST:PORT, that of its scheduler"));
        }
        let state = SessionStateBuilder::new()
            .with_config(config.upgrade_for_ballista())
            .with_runtime_env(runtime)
            .with_default_features()
            .build();
        SessionContext::remote_with_state(cluster, state).await.map_err(|e| self.fault(e))
    }

    /// The query over its files. It only reads: nothing is created, written or set.
    async fn plan(&self, context: &SessionContext) -> Result<DataFrame> {
        let state = context.state();
        let dialect = state.config_options().sql_parser.dialect;
        let statement = state.sql_to_statement(self.sql, &dialect).map_err(|e| self.fault(e))?;
        for table in state.resolve_table_references(&statement).map_err(|e| self.fault(e))? {
            sources::register(context, table).await?;
        }
        let reads = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        let plan = context.state().statement_to_plan(statement).await.map_err(|e| self.fault(e))?;
        reads.verify_plan(&plan).map_err(|e| self.fault(e))?;
        context.execute_logical_plan(plan).await.map_err(|e| self.fault(e))
    }

    /// Keeps the rows of `frame` as they come.
    async fn write(&self, frame: DataFrame, cancel: &AtomicBool) -> Result<Rows> {
        let folder = tempfile::Builder::new().prefix("llmap-").tempdir();
        let folder = folder.map_err(|e| Error::io(&std::env::temp_dir(), e))?;
        let path = folder.path().join("query.parquet");
        let file = File::create_new(&path).map_err(|e| Error::io(&path, e))?;
        let schema = Arc::clone(frame.schema().inner());
        let full = |e| {
            let fix = "make room for them, or name another folder in TMPDIR";
            Error::failed(format!("the rows of the query cannot be kept: {e}"), fix)
        };
        let mut writer = ArrowWriter::try_new(file, schema, None).map_err(full)?;
        let stream = until(cancel, frame.execute_stream()).await?;
        let mut stream = stream.map_err(|e| self.fault(e))?;
        let mut rows = 0;
        while let Some(batch) = until(cancel, stream.next()).await? {
            let batch = batch.map_err(|e| self.fault(e))?;
            rows += batch.num_rows();
            writer.write(&batch).map_err(full)?;
        }
        writer.close().map_err(full)?;
        if rows == 0 {
            return Err(Error::usage("the query gives no rows", "check its conditions"));
        }
        Ok(Rows { _folder: folder, file: path })
    }

    /// What an engine reports, as a fault of the query or of the machines that ran it.
    fn fault(&self, error: DataFusionError) -> Error {
        let problem = error.find_root().strip_backtrace();
        let wrong = matches!(
            error.find_root(),
            DataFusionError::SQL(..)
                | DataFusionError::Plan(_)
                | DataFusionError::SchemaError(..)
                | DataFusionError::NotImplemented(_)
                | DataFusionError::ArrowError(..)
                | DataFusionError::ParquetError(_)
        );
        match self.cluster {
            _ if wrong => Error::usage(problem, "correct the query, or the file that it reads"),
            Some(cluster) => Error::failed(
                format!("{cluster}: {problem}"),
                "check that its scheduler and executors run and see the files of the query",
            ),
            None => Error::Failed(problem),
        }
    }
}

/// What `work` gives, unless it is cancelled before.
async fn until<T>(cancel: &AtomicBool, work: impl Future<Output = T>) -> Result<T> {
    let mut work = std::pin::pin!(work);
    loop {
        if let Ok(done) = tokio::time::timeout(PATIENCE, &mut work).await {
            return Ok(done);
        }
        proceed(cancel, "the query")?;
    }
}
