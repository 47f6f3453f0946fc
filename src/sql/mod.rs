//! Queries over logs, by existing engines: `DataFusion` on this machine, Ballista on a cluster.
//!
//! The tables of a query are files: `FROM 'logs/*.parquet'`, `FROM 's3://bucket/run.csv'`. The result is
//! written to a Parquet file batch by batch, which the readers of llmap then load; at most one batch is in
//! memory.

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

/// Memory for joins, sorts and groups before they spill to disk: 2 GiB.
const MEMORY: usize = 2 << 30;
/// How long a cancelled query may continue.
const PATIENCE: Duration = Duration::from_millis(100);
/// How messages refer to the result of a query.
const NAME: &str = "the rows of --sql";

/// A query and where it runs.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    /// One `SELECT` (with any CTEs) over files.
    pub sql: &'a str,
    /// The scheduler of a Ballista cluster, as `df://HOST:PORT`; this machine if `None`.
    pub cluster: Option<&'a str>,
}

/// The result of a query, in a temporary file.
#[derive(Debug)]
pub struct Rows {
    /// Deleted with `self`.
    _folder: TempDir,
    file: PathBuf,
}

impl Rows {
    /// The Parquet file, which is deleted with `self`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Turns an error about the file into one about the result of the query, which is what the user knows.
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
    /// Runs the query. With `ordered`, the rows are sorted by all columns, so that every run and cluster
    /// gives the same; else they are in the order in which they are produced.
    ///
    /// # Errors
    /// [`Error::Lines`] with the fix if the query is invalid (a usage error, also if files are missing or
    /// unreadable) or lacks a column of `needed`; a failure if the cluster is unreachable or fails;
    /// [`Error::Cancelled`].
    pub fn run(&self, needed: &[&str], ordered: bool, cancel: &AtomicBool) -> Result<Rows> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Error::Failed(format!("no threads for a query: {e}")))?;
        let rows = runtime.block_on(self.rows(needed, ordered, cancel));
        // A cancelled query need not finish.
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
                format!("the query has no column `{lacking}` (it has {})", columns.join(", "));
            return Err(Error::usage(problem, format!("SELECT … AS {lacking}")));
        }
        let keys = columns.iter().map(|name| Expr::Column(Column::from_name(name)));
        let keys = keys.map(|key| key.sort(true, true)).collect();
        let frame = if ordered { frame.sort(keys).map_err(|e| self.fault(e))? } else { frame };
        self.write(frame, cancel).await
    }

    /// The session that plans the query.
    async fn context(&self) -> Result<SessionContext> {
        let mut config = SessionConfig::new();
        // A folder includes its subfolders.
        config.options_mut().execution.listing_table_ignore_subdirectory = false;
        let runtime =
            RuntimeEnvBuilder::new().with_memory_pool(Arc::new(FairSpillPool::new(MEMORY)));
        let runtime = runtime.build_arc().map_err(|e| self.fault(e))?;
        let Some(cluster) = self.cluster else {
            return Ok(SessionContext::new_with_config_rt(config, runtime));
        };
        if !cluster.starts_with("df://") {
            let problem = format!("`{cluster}` is not the address of a cluster");
            return Err(Error::usage(
                problem,
                "write df://HOST:PORT, the address of its scheduler",
            ));
        }
        let state = SessionStateBuilder::new()
            .with_config(config.upgrade_for_ballista())
            .with_runtime_env(runtime)
            .with_default_features()
            .build();
        SessionContext::remote_with_state(cluster, state).await.map_err(|e| self.fault(e))
    }

    /// Plans the query over its files. It is read-only: nothing is created, written or set.
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

    /// Writes the rows of `frame` as they arrive.
    async fn write(&self, frame: DataFrame, cancel: &AtomicBool) -> Result<Rows> {
        let folder = tempfile::Builder::new().prefix("llmap-").tempdir();
        let folder = folder.map_err(|e| Error::io(&std::env::temp_dir(), e))?;
        let path = folder.path().join("query.parquet");
        let file = File::create_new(&path).map_err(|e| Error::io(&path, e))?;
        let schema = Arc::clone(frame.schema().inner());
        let full = |e| {
            let fix = "free some space, or set TMPDIR to another folder";
            Error::failed(format!("the result of the query cannot be stored: {e}"), fix)
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
            return Err(Error::usage("the query returned no rows", "check its conditions"));
        }
        Ok(Rows { _folder: folder, file: path })
    }

    /// An error of the engine, as an error of the query or of the machines that ran it.
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
            _ if wrong => Error::usage(problem, "correct the query, or the file it reads"),
            Some(cluster) => Error::failed(
                format!("{cluster}: {problem}"),
                "check that its scheduler and executors are running and can access the files",
            ),
            None => Error::Failed(problem),
        }
    }
}

/// The result of `work`, unless it is cancelled first.
async fn until<T>(cancel: &AtomicBool, work: impl Future<Output = T>) -> Result<T> {
    let mut work = std::pin::pin!(work);
    loop {
        if let Ok(done) = tokio::time::timeout(PATIENCE, &mut work).await {
            return Ok(done);
        }
        proceed(cancel, "the query")?;
    }
}
