//! How the Parquet reader comes to the bytes of an object.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::bytes::Bytes;
use datafusion::common::Result as DataFusionResult;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetFileReaderFactory;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use flowproof_source::{Object, Ranges, SourceError};
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};

/// Read at the end of an object at once: most footers are shorter.
const FOOTER: usize = 64 * 1024;

/// Reads one object whose footer is known.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    ranges: Ranges,
    metadata: Arc<ParquetMetaData>,
    /// How many bytes were read, by this reader and all of its clones.
    read: Arc<AtomicU64>,
}

impl Reader {
    /// Reads the footer. The page index is read later, by whoever has a use for it.
    pub(super) async fn open(ranges: Ranges) -> Result<Reader> {
        let size = ranges.size();
        let mut bare = Reader { ranges, metadata: no_metadata(), read: Arc::default() };
        let reader = ParquetMetaDataReader::new()
            .with_page_index_policy(PageIndexPolicy::Skip)
            .with_prefetch_hint(Some(FOOTER));
        let metadata = reader.load_and_finish(&mut bare, size).await?;
        Ok(Reader { metadata: Arc::new(metadata), ..bare })
    }

    /// Reads the page index, if the file has one.
    pub(super) async fn read_page_index(&mut self) -> Result<()> {
        let metadata = ParquetMetaData::clone(&self.metadata);
        let mut reader = ParquetMetaDataReader::new_with_metadata(metadata)
            .with_page_index_policy(PageIndexPolicy::Optional);
        reader.load_page_index(&mut *self).await?;
        self.metadata = Arc::new(reader.finish()?);
        Ok(())
    }

    pub(super) fn metadata(&self) -> &Arc<ParquetMetaData> {
        &self.metadata
    }

    /// How many bytes the object has.
    pub(super) fn size(&self) -> u64 {
        self.ranges.size()
    }

    /// How many bytes were read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

/// The footer of a Parquet object.
pub(crate) async fn read_footer(object: &Object) -> Result<Arc<ParquetMetaData>> {
    let ranges = Ranges::open(object).await.map_err(error_of)?;
    Ok(Reader::open(ranges).await?.metadata)
}

/// What a footer notes under a key.
pub(crate) fn footer_note<'f>(metadata: &'f ParquetMetaData, key: &str) -> Option<&'f str> {
    let notes = metadata.file_metadata().key_value_metadata();
    let note = notes.into_iter().flatten().find(|note| note.key == key);
    note.and_then(|note| note.value.as_deref())
}

/// What stands for a footer until there is one; nothing asks for it.
fn no_metadata() -> Arc<ParquetMetaData> {
    use parquet::file::metadata::FileMetaData;
    use parquet::schema::types::{SchemaDescriptor, Type};
    let root = Type::group_type_builder("none").build();
    let root = root.expect("a group without fields is a schema");
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(root)));
    let file = FileMetaData::new(1, 0, None, None, schema, None);
    Arc::new(ParquetMetaData::new(file, Vec::new()))
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        async move {
            let mut read = self.get_byte_ranges(vec![range]).await?;
            read.pop().ok_or_else(|| ParquetError::EOF("nothing was read".into()))
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        async move {
            let read = self.ranges.read(ranges).await.map_err(error_of)?;
            let bytes: usize = read.iter().map(Bytes::len).sum();
            self.read.fetch_add(bytes as u64, Ordering::Relaxed);
            Ok(read)
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        let metadata = Arc::clone(&self.metadata);
        async move { Ok(metadata) }.boxed()
    }
}

/// A place beyond the end is what the object says wrongly; any other failure is the disk's.
fn error_of(error: SourceError) -> ParquetError {
    match &error {
        SourceError::Io { source, .. } if source.kind() == std::io::ErrorKind::UnexpectedEof => {
            ParquetError::EOF("it names a place beyond its end".into())
        }
        _ => ParquetError::External(Box::new(error)),
    }
}

/// Gives clones of one reader.
#[derive(Debug)]
pub(super) struct ReaderFactory(pub(super) Reader);

impl ParquetFileReaderFactory for ReaderFactory {
    fn create_reader(
        &self,
        _: usize,
        _: PartitionedFile,
        _: Option<usize>,
        _: &ExecutionPlanMetricsSet,
    ) -> DataFusionResult<Box<dyn AsyncFileReader + Send>> {
        Ok(Box::new(self.0.clone()))
    }
}
