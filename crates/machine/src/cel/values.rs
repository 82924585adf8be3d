//! The state as the interpreter sees it.

use std::{collections::HashMap, fmt};

use cel::{
    common::{
        types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt},
        value::{CowVal, Val},
    },
    context::VariableResolver,
};
use trackway_model::Text;

use super::{
    reads::Reads,
    rounds::{ROUND, Rounds},
};
use crate::{Number, State, Value};

type Boxed<'v> = Box<dyn Val + 'v>;

static GO_ON: CelBool = CelBool::TRUE;

/// The fields that an expression names, and the rounds that it makes.
pub(super) struct Fields<'v> {
    fields: Vec<(&'v str, Boxed<'v>)>,
    pub(super) rounds: Rounds,
}

impl<'v> Fields<'v> {
    /// Turns what the expression reads into values of the language. Texts are not copied.
    pub(super) fn of(reads: &'v Reads, state: &'v State) -> Result<Self, Text> {
        let mut fields = Vec::with_capacity(reads.variables.len() + 1);
        for name in &reads.variables {
            if let Some(value) = state.value(name) {
                fields.push((&**name, field(name, value)?));
            }
        }
        if let Some(map) = whole(reads, state)? {
            fields.push((super::reads::STATE, map));
        }
        Ok(Self { fields, rounds: Rounds::new() })
    }
}

/// Returns the map `state`, with what the expression asks it for.
fn whole<'v>(reads: &'v Reads, state: &'v State) -> Result<Option<Boxed<'v>>, Text> {
    let mut members: HashMap<CelMapKey<'v>, Boxed<'v>> = HashMap::new();
    if reads.is_all_read {
        for (name, value) in state.iter() {
            members.insert(CelMapKey::from(&**name), field(name, value)?);
        }
        return Ok(Some(Box::new(CelMap::from(members))));
    }
    if reads.members.is_empty() {
        return Ok(None);
    }
    for name in &reads.members {
        if let Some(value) = state.value(name) {
            members.insert(CelMapKey::from(&**name), field(name, value)?);
        }
    }
    Ok(Some(Box::new(CelMap::from(members))))
}

fn field<'v>(name: &str, value: &'v Value) -> Result<Boxed<'v>, Text> {
    boxed(value).map_err(|TooLarge(number)| {
        Text::from(format!("the field `{name}` holds the number {number}, and numbers of CEL have 64 bits"))
    })
}

/// A number that the language does not have.
struct TooLarge(Text);

fn boxed(value: &Value) -> Result<Boxed<'_>, TooLarge> {
    Ok(match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(*value)),
        Value::Number(Number::Int(value)) => Box::new(CelInt::from(*value)),
        Value::Number(Number::Uint(value)) => Box::new(CelUInt::from(*value)),
        Value::Number(Number::Float(value)) => Box::new(CelDouble::from(*value)),
        Value::Number(Number::Big(digits)) => return Err(TooLarge(digits.clone())),
        Value::Text(text) => Box::new(CelString::from(&**text)),
        Value::List(list) => {
            let items: Result<Vec<Boxed<'_>>, TooLarge> = list.iter().map(boxed).collect();
            Box::new(CelList::from(items?))
        }
        Value::Map(map) => {
            let entries = map.iter().map(|(name, value)| Ok((CelMapKey::from(&**name), boxed(value)?)));
            let entries: Result<HashMap<CelMapKey<'_>, Boxed<'_>>, TooLarge> = entries.collect();
            Box::new(CelMap::from(entries?))
        }
    })
}

impl VariableResolver for Fields<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        if name == ROUND {
            return self.rounds.may_go_on().then_some(CowVal::Borrowed(&GO_ON));
        }
        let name = name.trim_start_matches('.');
        self.fields.iter().find(|(own, _)| *own == name).map(|(_, value)| CowVal::Borrowed(&**value))
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields").field("rounds", &self.rounds).finish_non_exhaustive()
    }
}
