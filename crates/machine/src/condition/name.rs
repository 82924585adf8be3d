//! What a condition is called: what it asks, as people read it.

use trackway_model::Text;

use super::{Condition, Rule, compare::Operator};

/// Returns the name of a condition.
pub(super) fn of(condition: &Condition) -> Text {
    if let Some(name) = &condition.name {
        return name.clone();
    }
    match &condition.rule {
        Rule::Check(check) => check.name.clone(),
        Rule::Comparison(comparison) => {
            let field = &comparison.field;
            let operand = || match &comparison.operand {
                Ok(value) => format!("{value:?}"),
                Err(_) => "?".to_owned(),
            };
            let name = match comparison.operator {
                Operator::IsTrue => field.to_string(),
                Operator::IsNull => format!("{field} is null"),
                Operator::NotNull => format!("{field} is not null"),
                operator => format!("{field} {} {}", sign(operator), operand()),
            };
            Text::from(name)
        }
        Rule::Not(inner) => Text::from(format!("!{}", part(inner, Place::Not))),
        Rule::All(conditions) => joined(conditions, " & ", Place::All),
        Rule::Any(conditions) => joined(conditions, " | ", Place::Any),
    }
}

/// What a condition is a part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Not,
    All,
    Any,
}

fn joined(conditions: &[Condition], between: &str, place: Place) -> Text {
    let parts: Vec<String> = conditions.iter().map(|condition| part(condition, place)).collect();
    Text::from(parts.join(between))
}

/// Returns the name of a condition inside another, in parentheses where it would be misread without.
fn part(condition: &Condition, place: Place) -> String {
    let name = of(condition);
    let reads_alone = match &condition.rule {
        _ if condition.name.is_some() => is_word(&name),
        Rule::Check(_) => is_word(&name),
        Rule::Comparison(_) => place != Place::Not || is_word(&name),
        Rule::Not(_) => true,
        Rule::All(_) => place == Place::Any,
        Rule::Any(_) => false,
    };
    if reads_alone { name.to_string() } else { format!("({name})") }
}

fn is_word(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Eq => "==",
        Operator::Ne => "!=",
        Operator::Lt => "<",
        Operator::Lte => "<=",
        Operator::Gt => ">",
        Operator::Gte => ">=",
        Operator::In => "in",
        Operator::NotIn => "not in",
        Operator::Contains => "contains",
        Operator::IsNull => "is null",
        Operator::NotNull => "is not null",
        Operator::IsTrue => "is true",
    }
}
