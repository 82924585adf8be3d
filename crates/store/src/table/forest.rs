//! How the spans of a trace hang together, whatever their clients made of the parents: a million deep, or in circles.

use std::collections::HashMap;

use trackway_model::SpanId;

/// The spans of a trace by number, each with the number of the span that it is a part of.
///
/// Of several records with the parent's id the first is the parent. Spans that are their own ancestors have none.
pub(super) struct Forest {
    parents: Vec<Option<usize>>,
    /// Every span once, behind all that are below it.
    leaves_first: Vec<usize>,
}

impl Forest {
    /// Makes the forest of spans by their ids and those of their parents, in order.
    pub(super) fn of(ids: &[(SpanId, Option<SpanId>)]) -> Self {
        let mut numbers = HashMap::with_capacity(ids.len());
        for (number, (id, _)) in ids.iter().enumerate() {
            numbers.entry(*id).or_insert(number);
        }
        let parents = ids.iter().map(|(_, parent)| numbers.get(&(*parent)?).copied()).collect();
        let mut forest = Self { parents, leaves_first: Vec::with_capacity(ids.len()) };
        forest.sort();
        forest
    }

    /// Takes away leaf after leaf, and cuts the circles that are left.
    fn sort(&mut self) {
        let mut children = vec![0_usize; self.parents.len()];
        for parent in self.parents.iter().flatten() {
            if let Some(children) = children.get_mut(*parent) {
                *children += 1;
            }
        }
        self.leaves_first.extend(children.iter().enumerate().filter(|(_, left)| **left == 0).map(|(number, _)| number));
        let mut taken = 0;
        while let Some(&leaf) = self.leaves_first.get(taken) {
            taken += 1;
            let Some(parent) = self.parent(leaf) else { continue };
            let Some(left) = children.get_mut(parent) else { continue };
            *left -= 1;
            if *left == 0 {
                self.leaves_first.push(parent);
            }
        }
        let in_circles = children.iter().zip(&mut self.parents).enumerate().filter(|(_, (left, _))| **left > 0);
        for (number, (_, parent)) in in_circles {
            *parent = None;
            self.leaves_first.push(number);
        }
    }

    pub(super) fn parent(&self, number: usize) -> Option<usize> {
        self.parents.get(number).copied().flatten()
    }

    /// Returns the first span that is a part of no other.
    pub(super) fn first_top(&self) -> Option<usize> {
        self.parents.iter().position(Option::is_none)
    }

    /// Goes from the leaves to the tops, with what is known of each span and of its parent.
    pub(super) fn upwards<T>(&self, known: &mut [T], mut step: impl FnMut(&mut T, Option<&mut T>)) {
        self.leaves_first.iter().for_each(|number| self.step(*number, known, &mut step));
    }

    /// Goes from the tops to the leaves, with what is known of each span and of its parent.
    pub(super) fn downwards<T>(&self, known: &mut [T], mut step: impl FnMut(&mut T, Option<&mut T>)) {
        self.leaves_first.iter().rev().for_each(|number| self.step(*number, known, &mut step));
    }

    fn step<T>(&self, number: usize, known: &mut [T], step: &mut impl FnMut(&mut T, Option<&mut T>)) {
        match self.parent(number).map(|parent| known.get_disjoint_mut([number, parent])) {
            Some(Ok([span, parent])) => step(span, Some(parent)),
            Some(Err(_)) => {}
            None => known.get_mut(number).into_iter().for_each(|span| step(span, None)),
        }
    }
}
