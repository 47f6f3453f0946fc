//! Shuffles like Python's `random.Random(seed).shuffle`, so that a Python script hides the same cells.

use rand_mt::Mt;

/// Python's generator: the Mersenne Twister, seeded by the 32-bit words of an integer.
pub(super) struct Python(Mt);

impl Python {
    pub(super) fn new(seed: u64) -> Self {
        let (low, high) = (seed as u32, (seed >> 32) as u32);
        let words = [low, high].into_iter().take(if high > 0 { 2 } else { 1 });
        Self(Mt::new_with_key(words))
    }

    /// A uniform number below `n`: as many bits as `n` has, until they are below it.
    fn below(&mut self, n: u32) -> u32 {
        let spare = n.leading_zeros();
        loop {
            let drawn = self.0.next_u32() >> spare;
            if drawn < n {
                return drawn;
            }
        }
    }

    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            let j = self.below(i as u32 + 1);
            list.swap(i, j as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists of 2, 5, 3 and 24 numbers, shuffled one after the other by Python 3.11.
    #[test]
    fn lists_are_shuffled_as_python_does() {
        let expected: [(u64, [usize; 5], [usize; 24]); 5] = [
            (
                0,
                [4, 2, 1, 0, 3],
                [
                    7, 20, 22, 23, 10, 0, 5, 1, 13, 2, 14, 8, 19, 12, 17, 3, 21, 9, 4, 16, 6, 18,
                    11, 15,
                ],
            ),
            (
                1,
                [2, 3, 1, 0, 4],
                [
                    10, 8, 22, 14, 5, 11, 2, 1, 19, 4, 7, 17, 18, 16, 9, 13, 21, 0, 23, 3, 6, 12,
                    20, 15,
                ],
            ),
            (
                7,
                [4, 0, 2, 3, 1],
                [
                    7, 23, 17, 9, 4, 10, 5, 15, 12, 0, 19, 8, 14, 3, 22, 20, 13, 2, 21, 6, 16, 1,
                    18, 11,
                ],
            ),
            (
                (1 << 32) + 5,
                [1, 0, 4, 2, 3],
                [
                    23, 3, 4, 1, 19, 14, 17, 0, 8, 18, 2, 9, 22, 13, 20, 12, 5, 16, 6, 10, 7, 11,
                    15, 21,
                ],
            ),
            (
                u64::MAX,
                [4, 0, 3, 2, 1],
                [
                    20, 23, 16, 21, 19, 3, 7, 8, 12, 13, 5, 0, 9, 14, 4, 18, 10, 2, 15, 17, 6, 1,
                    22, 11,
                ],
            ),
        ];
        for (seed, five, many) in expected {
            let mut python = Python::new(seed);
            let lists = [2, 5, 3, 24].map(|n| {
                let mut list: Vec<usize> = (0..n).collect();
                python.shuffle(&mut list);
                list
            });
            assert_eq!(lists[1], five, "seed {seed}");
            assert_eq!(lists[3], many, "seed {seed}");
        }
    }
}
