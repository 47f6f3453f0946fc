//! Pixels as PNG (RFC 2083).

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use super::{Indexed, Picture};

/// Scale of the PNG, so that small names are readable on high-density screens.
const SCALE: f32 = 2.0;

impl Picture {
    /// The picture as PNG, twice as wide and high in pixels.
    ///
    /// # Errors
    /// A sentence, if the picture has no size or the font cannot be read.
    pub(crate) fn png(&self) -> Result<Vec<u8>, String> {
        let pixels = self.pixels(SCALE)?;
        let size = (pixels.width, pixels.height);
        Ok(encoded(size, &pixels.rgb, None, Compression::default()))
    }
}

impl Indexed {
    /// Encodes the pixels as PNG with fast compression, for immediate display.
    pub(crate) fn png(&self) -> Vec<u8> {
        let palette: Vec<u8> = self.palette.iter().flat_map(|(r, g, b)| [*r, *g, *b]).collect();
        let size = (self.width, self.height);
        encoded(size, &self.indices, Some(&palette), Compression::fast())
    }
}

/// A PNG of opaque pixels of three bytes, or of one byte with a palette.
fn encoded(
    (width, height): (u32, u32),
    pixels: &[u8],
    palette: Option<&[u8]>,
    level: Compression,
) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    // 8 bits per channel, color type, default compression, filter and interlace methods.
    let (kind, bytes) = if palette.is_some() { (3, 1) } else { (2, 3) };
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes()[..], &[8, kind, 0, 0, 0]].concat();
    chunk(&mut out, *b"IHDR", &head);
    palette.iter().for_each(|palette| chunk(&mut out, *b"PLTE", palette));
    let mut packed = ZlibEncoder::new(Vec::new(), level);
    for row in pixels.chunks_exact(bytes * width as usize) {
        // Writing to memory cannot fail. No filter: flat colors compress well without.
        let _ = packed.write_all(&[0]).and_then(|()| packed.write_all(row));
    }
    chunk(&mut out, *b"IDAT", &packed.finish().unwrap_or_default());
    chunk(&mut out, *b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    let start = out.len();
    out.extend(kind);
    out.extend(data);
    let mut sum = Crc::new();
    sum.update(&out[start..]);
    out.extend(sum.sum().to_be_bytes());
}

/// The pixels of a PNG written by this module.
#[cfg(test)]
pub(crate) fn decoded(png: &[u8]) -> super::Pixels {
    use std::io::Read;

    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    let (width, height, kind) = (number(16), number(20), png[25]);
    let (mut at, mut packed, mut palette) = (8, Vec::new(), Vec::new());
    while at < png.len() {
        let length = number(at) as usize;
        let body = &png[at + 4..at + 8 + length];
        let mut sum = Crc::new();
        sum.update(body);
        assert_eq!(number(at + 8 + length), sum.sum());
        if body.starts_with(b"IDAT") {
            packed.extend(&body[4..]);
        }
        if body.starts_with(b"PLTE") {
            palette = body[4..].as_chunks::<3>().0.to_vec();
        }
        at += 12 + length;
    }
    let mut rows = Vec::new();
    flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut rows).unwrap();
    let bytes = if kind == 3 { 1 } else { 3 };
    let rows = rows.chunks_exact(1 + bytes * width as usize);
    let mut rgb: Vec<u8> = rows.flat_map(|row| row[1..].to_vec()).collect();
    if kind == 3 {
        rgb = rgb.iter().flat_map(|index| palette[usize::from(*index)]).collect();
    }
    super::Pixels { width, height, rgb }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Pixels;

    #[test]
    fn what_is_written_can_be_read_back() {
        let rgb = (0..40 * 30).flat_map(|i| [(i % 5 * 40) as u8, (i % 3 * 70) as u8, 9]).collect();
        let pixels = Pixels { width: 40, height: 30, rgb };
        let whole = encoded((40, 30), &pixels.rgb, None, Compression::default());
        assert!(decoded(&whole) == pixels);
        assert!(decoded(&pixels.indexed(256).png()) == pixels);
    }
}
