//! What somebody may have meant who wrote a name that nobody has.

/// Returns the name in `known` that is most like `written`, if one is like it at all.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = written.to_lowercase().chars().take(LONGEST).collect();
    let allowed = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for name in known {
        let letters: Vec<char> = name.to_lowercase().chars().take(LONGEST).collect();
        let distance = distance(&wanted, &letters);
        let is_like = distance <= allowed && distance < letters.len();
        if is_like && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// Returns "; did you mean ..?", or nothing.
pub(crate) fn hint<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(written, known).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// Longer names are compared by their beginnings.
const LONGEST: usize = 64;

/// Returns how many letters must be put in, left out, changed or swapped with their neighbour to make one word of the other.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut letter_before = None;
    for (row, letter) in one.iter().enumerate() {
        let mut costs = vec![row + 1];
        for (column, wanted) in other.iter().enumerate() {
            let at = |costs: &[usize], place: usize| costs.get(place).copied().unwrap_or(usize::MAX / 2);
            let changed = at(&last, column) + usize::from(letter != wanted);
            let mut cost = changed.min(at(&last, column + 1) + 1).min(at(&costs, column) + 1);
            let wanted_before = column.checked_sub(1).and_then(|place| other.get(place));
            if column > 0 && wanted_before == Some(letter) && letter_before == Some(wanted) {
                cost = cost.min(at(&before_last, column - 1) + 1);
            }
            costs.push(cost);
        }
        before_last = std::mem::replace(&mut last, costs);
        letter_before = Some(letter);
    }
    last.last().copied().unwrap_or(0)
}
