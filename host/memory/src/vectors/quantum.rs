//! Vectors as bits, compared with a query of four bits a number: near enough to choose who is looked at. Pure.

/// Bits of each number of a query.
const BITS: usize = 4;

/// The signs of many vectors.
pub(super) struct Planes {
    /// Words of one vector.
    width: usize,
    signs: Vec<u64>,
    /// By row: how many signs are set, and what brings the sum of signs to a cosine. Zero: there is no vector.
    scales: Vec<(u32, f32)>,
}

impl Planes {
    pub(super) fn new(dimensions: usize) -> Planes {
        Planes { width: dimensions.div_ceil(64), signs: Vec::new(), scales: Vec::new() }
    }

    /// Puts a vector, by its bytes, into a row; none where there are none.
    pub(super) fn set(&mut self, row: u32, bytes: &[i8]) {
        let row = row as usize;
        if row >= self.scales.len() {
            self.scales.resize(row + 1, (0, 0.0));
            self.signs.resize((row + 1) * self.width, 0);
        }
        let signs = &mut self.signs[row * self.width..(row + 1) * self.width];
        signs.fill(0);
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte >= 0) {
            signs[at / 64] |= 1 << (at % 64);
        }
        let ones = signs.iter().map(|word| word.count_ones()).sum();
        let (all, squares) = bytes.iter().fold((0.0, 0.0), |(all, squares), byte| {
            let byte = f32::from(*byte);
            (all + byte.abs(), squares + byte * byte)
        });
        // A vector is about its signs, times its length, over the sum of what they stand for.
        self.scales[row] = (ones, if all > 0.0 { f32::sqrt(squares) / all } else { 0.0 });
    }

    /// About how near each row is to a query.
    pub(super) fn scan(&self, query: &[f32]) -> Vec<f32> {
        let least = query.iter().copied().fold(f32::INFINITY, f32::min);
        let most = query.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let step = ((most - least) / ((1 << BITS) - 1) as f32).max(f32::MIN_POSITIVE);
        let mut planes = vec![[0u64; BITS]; self.width];
        for (at, number) in query.iter().enumerate().take(self.width * 64) {
            let quantum = ((number - least) / step).round() as u32;
            for (bit, plane) in planes[at / 64].iter_mut().enumerate() {
                *plane |= u64::from(quantum >> bit & 1) << (at % 64);
            }
        }
        let all: f32 = query.iter().sum();
        let mut scores = vec![f32::NEG_INFINITY; self.scales.len()];
        walk(&self.signs, &self.scales, &planes, |row, ones, sum, scale| {
            scores[row] = (2.0 * (least * ones as f32 + step * sum as f32) - all) * scale;
        });
        scores
    }
}

/// Counts, for every row, the bits that it has in common with the planes.
fn walk(signs: &[u64], scales: &[(u32, f32)], planes: &[[u64; BITS]], visit: impl FnMut(usize, u32, u32, f32)) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("popcnt") && std::arch::is_x86_feature_detected!("avx2") {
        #[allow(
            unsafe_code,
            reason = "the processor was asked whether it has the instructions; nothing else is unsafe"
        )]
        return unsafe { walk_popcnt(signs, scales, planes, visit) };
    }
    walk_plain(signs, scales, planes, visit);
}

/// The same, compiled for processors that count bits in one instruction.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt,avx2")]
fn walk_popcnt(signs: &[u64], scales: &[(u32, f32)], planes: &[[u64; BITS]], visit: impl FnMut(usize, u32, u32, f32)) {
    walk_plain(signs, scales, planes, visit);
}

#[inline(always)]
fn walk_plain(
    signs: &[u64],
    scales: &[(u32, f32)],
    planes: &[[u64; BITS]],
    mut visit: impl FnMut(usize, u32, u32, f32),
) {
    for (row, (signs, (ones, scale))) in signs.chunks_exact(planes.len().max(1)).zip(scales).enumerate() {
        if *scale == 0.0 {
            continue;
        }
        let mut sum = 0;
        for (signs, planes) in signs.iter().zip(planes) {
            for (bit, plane) in planes.iter().enumerate() {
                sum += (signs & plane).count_ones() << bit;
            }
        }
        visit(row, *ones, sum, *scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_near_enough() {
        let mut random = 1u64;
        let mut vector = || -> Vec<f32> {
            let numbers: Vec<f32> = (0..384)
                .map(|_| {
                    random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    (random >> 40) as f32 / (1u64 << 24) as f32 - 0.5
                })
                .collect();
            let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
            numbers.iter().map(|number| number / length).collect()
        };
        let query = vector();
        let mut planes = Planes::new(384);
        let mut exact = Vec::new();
        for row in 0..200 {
            // From far to near.
            let far = row as f32 / 200.0;
            let other: Vec<f32> =
                vector().iter().zip(&query).map(|(other, query)| other * (1.0 - far) + query * far).collect();
            let length = other.iter().map(|number| number * number).sum::<f32>().sqrt();
            exact.push(other.iter().zip(&query).map(|(one, other)| one * other).sum::<f32>() / length);
            let most = other.iter().fold(0f32, |most, number| most.max(number.abs()));
            let bytes: Vec<i8> = other.iter().map(|number| (number / most * 127.0).round() as i8).collect();
            planes.set(row, &bytes);
        }
        planes.set(200, &[]);
        let rough = planes.scan(&query);
        for (rough, exact) in rough.iter().zip(&exact) {
            assert!((rough - exact).abs() < 0.2, "{rough} {exact}");
        }
        assert_eq!(rough[200], f32::NEG_INFINITY);
        walk_plain(&planes.signs, &planes.scales, &[[u64::MAX; BITS]; 6], |_, ones, sum, _| assert_eq!(sum, ones * 15));
    }
}
