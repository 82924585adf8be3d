//! What a condition is called: what it asks, as people read it.

use trackway_model::Text;

use super::{Condition, Rule, when::Comparison};

/// A value in a name is cut after so many letters, and a name made of others after so many parts.
const LONGEST_VALUE: usize = 80;
const MOST_PARTS: usize = 16;

/// Returns the name of a condition.
pub(super) fn of(condition: &Condition) -> Text {
    if let Some(name) = &condition.name {
        return name.clone();
    }
    match &condition.rule {
        Rule::Question(question) => question.name().clone(),
        Rule::Comparison(comparison) => of_comparison(comparison),
        Rule::Not(inner) => Text::from(format!("!{}", part(inner, Place::Not))),
        Rule::All(conditions) => joined(conditions, " & ", Place::All),
        Rule::Any(conditions) => joined(conditions, " | ", Place::Any),
    }
}

fn of_comparison(comparison: &Comparison) -> Text {
    let (field, operator) = (&comparison.field, comparison.operator);
    let operand = match &comparison.operand {
        _ if !operator.has_operand() => String::new(),
        Ok(value) => value.to_json(),
        Err(_) => "?".to_owned(),
    };
    let name = format!("{field} {} {}", operator.sign(), cut(operand));
    Text::from(name.trim_end())
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_VALUE) {
        text.truncate(end);
        text.push_str("..");
    }
    text
}

/// What a condition is a part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Not,
    All,
    Any,
}

fn joined(conditions: &[Condition], between: &str, place: Place) -> Text {
    let mut parts: Vec<String> = conditions.iter().take(MOST_PARTS).map(|condition| part(condition, place)).collect();
    if conditions.len() > MOST_PARTS {
        parts.push("..".to_owned());
    }
    Text::from(parts.join(between))
}

/// Returns the name of a condition inside another, in parentheses where it would be misread without.
fn part(condition: &Condition, place: Place) -> String {
    let name = of(condition);
    let reads_well = match &condition.rule {
        Rule::Not(_) if condition.name.is_none() => true,
        Rule::All(_) if condition.name.is_none() => place == Place::Any,
        Rule::Comparison(_) if condition.name.is_none() => place != Place::Not || is_word(&name),
        _ => is_word(&name),
    };
    if reads_well { name.to_string() } else { format!("({name})") }
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || "_.-".contains(letter))
}
