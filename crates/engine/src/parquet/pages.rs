//! Pages of gzip, inflated as whole gzip objects are: nearly twice as fast as the Parquet reader does.

use std::sync::{Arc, Mutex, PoisonError};

use ::bytes::buf::Reader as BytesReader;
use ::bytes::{Buf, Bytes};
use flowproof_source::WholeInflater;
use parquet::basic::Compression;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length, SerializedPageReader};

/// Pages with more content than this are left to the Parquet reader.
const MOST: usize = 64 << 20;

/// The stored bytes of one column of a row group.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    /// Where they begin in the file.
    pub(super) offset: u64,
    pub(super) bytes: Bytes,
}

/// What inflates, and room for what is inflated: kept from column to column.
#[derive(Clone, Default)]
pub(super) struct Room(Arc<Mutex<(WholeInflater, Vec<u8>)>>);

impl Room {
    fn inflate(&self, stored: &[u8]) -> Option<Bytes> {
        // Who panicked in here left nothing behind that is looked at again.
        let mut room = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (inflater, content) = &mut *room;
        let length = inflater.inflate(stored, content, MOST)?;
        Some(Bytes::copy_from_slice(&content[..length]))
    }
}

/// The pages of a column.
pub(super) fn pages_of(
    chunk: Chunk,
    column: &ColumnChunkMetaData,
    rows: usize,
    room: &Room,
) -> Result<Box<dyn PageIterator>> {
    let pages: Box<dyn PageReader> = match column.compression() {
        Compression::GZIP(_) => Box::new(GzipPages::new(chunk, column, rows, room)?),
        _ => Box::new(SerializedPageReader::new(chunk.into(), column, rows, None)?),
    };
    Ok(Box::new(OneChunk(Some(pages))))
}

/// The pages of one column chunk.
struct OneChunk(Option<Box<dyn PageReader>>);

impl Iterator for OneChunk {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl PageIterator for OneChunk {}

/// Pages of gzip. The Parquet reader splits them, as if they were not compressed.
struct GzipPages {
    stored: SerializedPageReader<Chunk>,
    room: Room,
    /// Pages that were read so far.
    read: usize,
    chunk: Chunk,
    column: ColumnChunkMetaData,
    rows: usize,
    /// The Parquet reader itself, once a page was met that does not inflate as simply as that.
    careful: Option<SerializedPageReader<Chunk>>,
}

impl GzipPages {
    fn new(
        chunk: Chunk,
        column: &ColumnChunkMetaData,
        rows: usize,
        room: &Room,
    ) -> Result<GzipPages> {
        let column = column.clone();
        let as_stored =
            column.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
        let stored = SerializedPageReader::new(chunk.clone().into(), &as_stored, rows, None)?;
        Ok(GzipPages { stored, room: room.clone(), read: 0, chunk, column, rows, careful: None })
    }

    /// The page with its content; `None` if that takes the Parquet reader itself.
    fn inflate_page(&self, mut page: Page) -> Option<Page> {
        match &mut page {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
                *buf = self.room.inflate(buf)?;
                Some(page)
            }
            Page::DataPageV2 { is_compressed: false, .. } => Some(page),
            Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
                // Levels come before what is compressed.
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                let (levels, stored) = buf.split_at_checked(usize::try_from(levels).ok()?)?;
                *buf = [levels, &self.room.inflate(stored)?].concat().into();
                Some(page)
            }
        }
    }

    /// The Parquet reader itself, at the page that was read last.
    fn careful(&self) -> Result<SerializedPageReader<Chunk>> {
        let chunk = self.chunk.clone();
        let mut pages = SerializedPageReader::new(chunk.into(), &self.column, self.rows, None)?;
        for _ in 1..self.read {
            pages.get_next_page()?;
        }
        Ok(pages)
    }
}

impl PageReader for GzipPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        if let Some(careful) = &mut self.careful {
            return careful.get_next_page();
        }
        let Some(page) = self.stored.get_next_page()? else { return Ok(None) };
        self.read += 1;
        match self.inflate_page(page) {
            Some(page) => Ok(Some(page)),
            None => self.careful.insert(self.careful()?).get_next_page(),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.careful.as_mut().unwrap_or(&mut self.stored).peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.read += 1;
        self.careful.as_mut().unwrap_or(&mut self.stored).skip_next_page()
    }
}

impl Iterator for GzipPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl Chunk {
    fn from(&self, start: u64) -> Result<Bytes> {
        let place = start.checked_sub(self.offset).and_then(|place| usize::try_from(place).ok());
        match place.filter(|place| *place <= self.bytes.len()) {
            Some(place) => Ok(self.bytes.slice(place..)),
            None => Err(ParquetError::EOF("a page lies beyond its column".into())),
        }
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }
}

impl ChunkReader for Chunk {
    type T = BytesReader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let bytes = self.from(start)?;
        match length <= bytes.len() {
            true => Ok(bytes.slice(..length)),
            false => Err(ParquetError::EOF("a page ends beyond its column".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::{WriterProperties, WriterVersion};
    use parquet::file::reader::{FileReader, SerializedFileReader};

    fn written(version: WriterVersion) -> Bytes {
        let texts = (0..5000).map(|n| (n % 7 > 0).then(|| format!("10.0.{}.{}", n % 50, n % 9)));
        let texts: StringArray = texts.collect();
        // Its dictionary begins as gzip does.
        let numbers: Int32Array = (0..5000).map(|n| Some(0x1f + n % 300)).collect();
        let columns = [("a", Arc::new(texts) as ArrayRef), ("b", Arc::new(numbers))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let properties = WriterProperties::builder()
            .set_compression(Compression::GZIP(Default::default()))
            .set_writer_version(version)
            .set_write_batch_size(100)
            .set_data_page_row_count_limit(1000)
            .build();
        let mut file = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        file.into()
    }

    fn contents(pages: impl Iterator<Item = Result<Page>>) -> Vec<Bytes> {
        pages.map(|page| page.unwrap().buffer().clone()).collect()
    }

    #[test]
    fn pages_are_those_of_the_parquet_reader() {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let file = written(version);
            let reader = SerializedFileReader::new(file.clone()).unwrap();
            for column in reader.metadata().row_group(0).columns() {
                let (start, length) = column.byte_range();
                let bytes = file.slice(start as usize..(start + length) as usize);
                let chunk = Chunk { offset: start, bytes };
                let ours = pages_of(chunk, column, 5000, &Room::default())
                    .unwrap()
                    .next()
                    .unwrap()
                    .unwrap();
                let theirs = SerializedPageReader::new(Arc::new(file.clone()), column, 5000, None);
                let (ours, theirs) = (contents(ours), contents(theirs.unwrap()));
                assert!(theirs.len() > 5, "{}", theirs.len());
                assert!(ours == theirs, "{version:?} {}", column.column_path());
            }
        }
    }

    #[test]
    fn a_page_that_lies_beyond_its_column_is_an_error() {
        let chunk = Chunk { offset: 100, bytes: Bytes::from_static(b"0123456789") };
        assert_eq!(chunk.get_bytes(104, 3).unwrap(), "456");
        for (start, length) in [(99, 1), (111, 0), (105, 6)] {
            assert!(chunk.get_bytes(start, length).is_err(), "{start} {length}");
        }
    }
}
