//! Numbers that look random and are the same for the same seed.

/// SplitMix64, and what is drawn with it.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 up to 1, both excluded.
    pub(crate) fn fraction(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Returns a number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    pub(crate) fn chance(&mut self, part: f64) -> bool {
        self.fraction() < part
    }

    /// Draws from a log-normal distribution.
    pub(crate) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        let normal = (-2.0 * self.fraction().ln()).sqrt() * (std::f64::consts::TAU * self.fraction()).cos();
        median * (sigma * normal).exp()
    }

    pub(crate) fn pick<T: Copy + Default>(&mut self, of: &[T]) -> T {
        of.get(self.below(of.len())).copied().unwrap_or_default()
    }
}

/// Few of many make most of the draws.
pub(crate) struct Zipf(Vec<f64>);

impl Zipf {
    pub(crate) fn new(many: usize, exponent: f64) -> Self {
        let mut sums = Vec::with_capacity(many);
        let mut sum = 0.0;
        for rank in 1..=many {
            sum += 1.0 / (rank as f64).powf(exponent);
            sums.push(sum);
        }
        sums.iter_mut().for_each(|it| *it /= sum);
        Self(sums)
    }

    /// Returns a rank from 0, of which the first is the most frequent.
    pub(crate) fn draw(&self, random: &mut Random) -> usize {
        let at = random.fraction();
        self.0.partition_point(|sum| *sum < at).min(self.0.len() - 1)
    }
}
