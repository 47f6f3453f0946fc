//! Pixels as PNG.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use super::{Picture, Pixels};

/// Pixels of a file for each of the picture, so that small names can be read on dense screens.
const SCALE: f32 = 2.0;

/// How long to look for a small file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// For a file that is kept.
    Small,
    /// For a picture that is looked at at once.
    Fast,
}

impl Picture {
    /// The picture as PNG, twice as wide and high in pixels.
    ///
    /// # Errors
    /// A sentence, if the picture has no size or the font cannot be read.
    pub(crate) fn png(&self) -> Result<Vec<u8>, String> {
        self.pixels(SCALE).map(|pixels| pixels.png(Effort::Small))
    }
}

impl Pixels {
    /// A PNG of the pixels, three bytes each (RFC 2083).
    pub(crate) fn png(&self, effort: Effort) -> Vec<u8> {
        let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
        // 8 bits a channel, true color, and the only packing, filtering and order.
        let (width, height) = (self.width.to_be_bytes(), self.height.to_be_bytes());
        let head = [&width[..], &height[..], &[8, 2, 0, 0, 0]].concat();
        chunk(&mut out, *b"IHDR", &head);
        let level = match effort {
            Effort::Small => Compression::default(),
            Effort::Fast => Compression::fast(),
        };
        let mut packed = ZlibEncoder::new(Vec::new(), level);
        for row in self.rgb.chunks_exact(3 * self.width as usize) {
            // Writing to memory cannot fail. No filter: flat colors are packed well as they are.
            let _ = packed.write_all(&[0]).and_then(|()| packed.write_all(row));
        }
        chunk(&mut out, *b"IDAT", &packed.finish().unwrap_or_default());
        chunk(&mut out, *b"IEND", &[]);
        out
    }
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

/// The pixels of a PNG as [`Pixels::png`] writes it.
#[cfg(test)]
pub(crate) fn decoded(png: &[u8]) -> Pixels {
    use std::io::Read;

    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    let (width, height) = (number(16), number(20));
    let (mut at, mut packed) = (8, Vec::new());
    while at < png.len() {
        let length = number(at) as usize;
        let body = &png[at + 4..at + 8 + length];
        let mut sum = Crc::new();
        sum.update(body);
        assert_eq!(number(at + 8 + length), sum.sum());
        if body.starts_with(b"IDAT") {
            packed.extend(&body[4..]);
        }
        at += 12 + length;
    }
    let mut rows = Vec::new();
    flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut rows).unwrap();
    let rows = rows.chunks_exact(1 + 3 * width as usize);
    Pixels { width, height, rgb: rows.flat_map(|row| row[1..].to_vec()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read_back() {
        let rgb = (0..3 * 40 * 30).map(|i| (i * i % 251) as u8).collect();
        let pixels = Pixels { width: 40, height: 30, rgb };
        for effort in [Effort::Small, Effort::Fast] {
            assert!(decoded(&pixels.png(effort)) == pixels, "{effort:?}");
        }
    }
}
