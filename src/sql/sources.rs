//! The tables of a query: files, globs and folders, local or in an object store.

use std::sync::Arc;

use datafusion::common::{DataFusionError, TableReference};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use futures::future::ready;
use object_store::path::Path;

use super::csv_schema;
use crate::error::{Error, Result};

/// Supported files, for messages.
const READ: &str = "name Parquet, CSV, TSV or JSON (.parquet, .csv, .tsv, .json, .jsonl; text also as .gz, \
                    .bz2, .xz or .zst): one file, 'logs/*.parquet' or 'logs/'";

const COLUMNS: &str = "give all files of a table one header, or query them separately and combine them with UNION ALL";

/// Registers the files that `table` names as a table of that name.
pub(super) async fn register(context: &SessionContext, table: TableReference) -> Result<()> {
    let name = table.to_string();
    let named = table.table();
    let wrong = |problem: String| Error::usage(problem, READ);
    if !matches!(table, TableReference::Bare { .. }) || !named.contains(['.', '/']) {
        return Err(wrong(format!("`{name}` is not a file: put its path in quotes")));
    }
    let fault = |e: DataFusionError| wrong(format!("{named}: {}", e.find_root().strip_backtrace()));
    let url = ListingTableUrl::parse(named).map_err(fault)?;
    reach(context, &url).map_err(wrong)?;
    let state = context.state();
    let store = context.runtime_env().object_store(&url).map_err(fault)?;
    let files = url.list_all_files(&state, &*store, "").await.map_err(fault)?;
    let mut files: Vec<(Path, Kind)> = files
        .try_filter(|file| ready(file.size > 0))
        .try_filter_map(|file| {
            ready(Ok(Kind::of(&file.location).map(|kind| (file.location, kind))))
        })
        .try_collect()
        .await
        .map_err(fault)?;
    files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let Some((_, Kind { ending, compression, form })) = files.first().cloned() else {
        return Err(wrong(format!("{named}: no supported files")));
    };
    if let Some((_, other)) = files.iter().find(|(_, kind)| kind.ending != ending) {
        let problem = format!("{named} contains two kinds of files, {ending} and {}", other.ending);
        let fix =
            format!("select one kind, such as '…/*{ending}', and combine them with UNION ALL");
        return Err(Error::usage(problem, fix));
    }
    let options = ListingOptions::new(form.format(compression)).with_file_extension(ending);
    let schema = match form {
        Form::Csv(delimiter) => {
            let files: Vec<Path> = files.into_iter().map(|(file, _)| file).collect();
            let schema = csv_schema::schema(&*store, &files, compression, delimiter).await;
            Arc::new(schema.map_err(|problem| Error::usage(problem, COLUMNS))?)
        }
        Form::Json | Form::Parquet => options.infer_schema(&state, &url).await.map_err(fault)?,
    };
    let config = ListingTableConfig::new(url).with_listing_options(options);
    let config = config.infer_partitions_from_path(&state).await.map_err(fault)?;
    let provider = ListingTable::try_new(config.with_schema(schema)).map_err(fault)?;
    context.register_table(table.clone(), Arc::new(provider)).map_err(fault)?;
    Ok(())
}

/// Connects to the store of `url`, with the settings from the environment (`AWS_…`, `GOOGLE_…`, `AZURE_…`).
fn reach(context: &SessionContext, url: &ListingTableUrl) -> std::result::Result<(), String> {
    if url.scheme() == "file" {
        return Ok(());
    }
    let settings = std::env::vars_os().filter_map(|(name, value)| {
        Some((name.into_string().ok()?.to_lowercase(), value.into_string().ok()?))
    });
    let plain = ("allow_http".to_owned(), "true".to_owned());
    let settings = settings.chain((url.scheme() == "http").then_some(plain));
    let (store, _) = object_store::parse_url_opts(url.get_url(), settings)
        .map_err(|e| format!("{}: {e}", url.get_url()))?;
    let root = url.object_store();
    context.register_object_store(root.as_ref(), store.into());
    Ok(())
}

/// The type of a file by its name.
#[derive(Clone)]
struct Kind {
    /// The ending that the files of a table have.
    ending: String,
    compression: FileCompressionType,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    Parquet,
    /// With its delimiter.
    Csv(u8),
    Json,
}

impl Kind {
    /// The kind of a file; `None` for files that programs write beside their results (hidden ones,
    /// checksums).
    fn of(file: &Path) -> Option<Self> {
        let name = file.filename().filter(|name| !name.starts_with(['.', '_']))?;
        let (base, compression) = match name.rsplit_once('.')? {
            (base, "gz") => (base, FileCompressionType::GZIP),
            (base, "bz2") => (base, FileCompressionType::BZIP2),
            (base, "xz") => (base, FileCompressionType::XZ),
            (base, "zst") => (base, FileCompressionType::ZSTD),
            _ => (name, FileCompressionType::UNCOMPRESSED),
        };
        let form = match base.rsplit_once('.')?.1 {
            "parquet" if base == name => Form::Parquet,
            "csv" => Form::Csv(b','),
            "tsv" => Form::Csv(b'\t'),
            "json" | "jsonl" | "ndjson" => Form::Json,
            _ => return None,
        };
        let ending = name[base.rfind('.')?..].to_owned();
        Some(Self { ending, compression, form })
    }
}

impl Form {
    fn format(self, compression: FileCompressionType) -> Arc<dyn FileFormat> {
        match self {
            Self::Parquet => Arc::new(ParquetFormat::default()),
            Self::Csv(delimiter) => {
                let csv = CsvFormat::default().with_has_header(true).with_delimiter(delimiter);
                // Questions contain line breaks.
                let csv = csv.with_newlines_in_values(true);
                Arc::new(csv.with_file_compression_type(compression))
            }
            Self::Json => Arc::new(JsonFormat::default().with_file_compression_type(compression)),
        }
    }
}
