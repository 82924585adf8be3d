//! A graph as a picture, in the two languages that most tools draw.

use std::{collections::HashMap, fmt::Write as _};

use trackway_model as model;

use super::Graph;
use crate::Spec;

impl Graph {
    /// Returns the graph in the language DOT, for Graphviz: actions are boxes, what they are given is an ellipse, and a
    /// transition with a condition is dashed.
    ///
    /// ```
    /// use trackway_machine::{Graph, GraphErrors, State, Step, action};
    ///
    /// let count = action("count").run_sync(|state: State, _: &Step| state);
    /// let dot = Graph::new([count]).edge("count", "count").build()?.dot();
    /// assert!(dot.contains(r#"a0 [label="count"];"#) && dot.contains("a0 -> a0;"));
    /// # Ok::<(), GraphErrors>(())
    /// ```
    pub fn dot(&self) -> String {
        let mut out = String::from(
            "digraph {\n  node [shape=box, style=rounded];\n  entry [label=\"\", shape=circle, style=filled, width=0.2];\n",
        );
        let drawing = Drawing::of(self);
        for (place, spec) in drawing.actions.iter().enumerate() {
            line(&mut out, format_args!("a{place} [label=\"{}\"];", in_dot(&spec.name)));
        }
        for (place, input) in drawing.inputs.iter().enumerate() {
            line(&mut out, format_args!("i{place} [label=\"{}\", shape=ellipse, style=dashed];", in_dot(&input.label)));
        }
        line(&mut out, format_args!("entry -> a{};", drawing.entry));
        for input in drawing.inputs.iter().enumerate() {
            line(&mut out, format_args!("i{} -> a{} [style=dashed, arrowhead=none];", input.0, input.1.action));
        }
        for way in &drawing.ways {
            match &way.condition {
                Some(name) => {
                    line(
                        &mut out,
                        format_args!("a{} -> a{} [label=\"{}\", style=dashed];", way.from, way.to, in_dot(name)),
                    );
                }
                None => line(&mut out, format_args!("a{} -> a{};", way.from, way.to)),
            }
        }
        out.push_str("}\n");
        out
    }

    /// Returns the graph in the language of Mermaid, which Markdown pages show as a picture.
    ///
    /// ```
    /// use trackway_machine::{Graph, GraphErrors, State, Step, action, when};
    ///
    /// let count = action("count").run_sync(|state: State, _: &Step| state);
    /// let graph = Graph::new([count]).edge_if("count", "count", when("n").lt(3)).build()?;
    /// assert!(graph.mermaid().contains(r#"a0["count"]"#) && graph.mermaid().contains("a0 -.->|"));
    /// # Ok::<(), GraphErrors>(())
    /// ```
    pub fn mermaid(&self) -> String {
        let mut out = String::from("flowchart TD\n");
        let drawing = Drawing::of(self);
        for (place, spec) in drawing.actions.iter().enumerate() {
            line(&mut out, format_args!("a{place}[\"{}\"]", in_mermaid(&spec.name)));
        }
        for (place, input) in drawing.inputs.iter().enumerate() {
            line(&mut out, format_args!("i{place}([\"{}\"])", in_mermaid(&input.label)));
        }
        line(&mut out, format_args!("entry(( )) --> a{}", drawing.entry));
        for (place, input) in drawing.inputs.iter().enumerate() {
            line(&mut out, format_args!("i{place} -.- a{}", input.action));
        }
        for way in &drawing.ways {
            match &way.condition {
                Some(name) => line(&mut out, format_args!("a{} -.->|\"{}\"| a{}", way.from, in_mermaid(name), way.to)),
                None => line(&mut out, format_args!("a{} --> a{}", way.from, way.to)),
            }
        }
        out
    }
}

/// What a picture shows, with the places of actions for names: no name of the program stands outside of quotes.
struct Drawing<'a> {
    actions: Vec<&'a Spec>,
    inputs: Vec<Input>,
    entry: usize,
    ways: Vec<Way>,
}

struct Input {
    action: usize,
    label: String,
}

struct Way {
    from: usize,
    to: usize,
    condition: Option<String>,
}

impl<'a> Drawing<'a> {
    fn of(graph: &'a Graph) -> Self {
        let actions: Vec<&Spec> = graph.nodes().map(|node| &**node.spec()).collect();
        let inputs = actions.iter().enumerate().flat_map(|(action, spec)| {
            let required = spec.inputs.iter().map(ToString::to_string);
            let optional = spec.optional_inputs.iter().map(|name| format!("{name}?"));
            required.chain(optional).map(move |label| Input { action, label })
        });
        let inputs = inputs.collect();
        let place = |name: &str| graph.plan.places.get(name).copied().unwrap_or_default();
        let transitions: Vec<model::Transition> = graph.transitions().collect();
        let mut leaving: HashMap<&str, usize> = HashMap::new();
        for way in &transitions {
            *leaving.entry(&way.from).or_default() += 1;
        }
        let ways = transitions.iter().map(|way| {
            let is_only_way = way.condition == super::choose::DEFAULT && leaving.get(&*way.from) == Some(&1);
            let condition = (!is_only_way).then(|| way.condition.to_string());
            Way { from: place(&way.from), to: place(&way.to), condition }
        });
        Self { inputs, entry: place(graph.entrypoint()), ways: ways.collect(), actions }
    }
}

fn line(out: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "  {line}");
}

/// Writes a name so that a quoted string of DOT shows it: there, `\` escapes, and `&` begins an entity.
fn in_dot(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '&' => out.push_str("&amp;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

/// Writes a name so that a quoted string of Mermaid shows it: what could mean anything there is written by its number.
fn in_mermaid(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            letter if letter.is_alphanumeric() || " _-.,()=!?/".contains(letter) => out.push(letter),
            letter if letter.is_control() => out.push(' '),
            letter => out.push_str(&format!("#{};", u32::from(letter))),
        }
    }
    out
}
