//! Variables that are nearly one of ours.

/// A note about a variable that is nearly one of ours; other programs may have their own.
pub(super) fn misspelt(variable: &str, known: &[String]) -> Option<String> {
    let near = known.iter().find(|known| distance(known, variable) <= 2)?;
    let is_known = known.iter().any(|known| known == variable);
    let all = known.join(", ");
    (!is_known).then(|| format!("note: {variable} is not read, {near} is; all that are read: {all}"))
}

/// How many characters must be put in, left out or changed to make one text the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, left) in one.chars().enumerate() {
        let mut last = line + 1;
        let above = row.clone();
        let pairs = above.iter().zip(above.iter().skip(1)).zip(other.chars());
        let rest = pairs.map(|((diagonal, above), right)| {
            last = (diagonal + usize::from(left != right)).min(above + 1).min(last + 1);
            last
        });
        row = std::iter::once(line + 1).chain(rest).collect();
    }
    row.last().copied().unwrap_or(0)
}
