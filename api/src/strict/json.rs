//! A JSON reader that refuses what readers disagree about: repeated keys (RFC 8259 §4 leaves them open), NUL characters
//! (text in the database cannot hold them) and deep nesting.

use std::{
    cell::{Cell, RefCell},
    fmt,
};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::problem::{Code, Part, Pointer, Problem, Violation};

/// How deep objects and arrays may nest.
pub const MAX_DEPTH: usize = 32;

/// Why a body is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not JSON, or not UTF-8.
    Syntax,
    /// An object names a member twice.
    RepeatedKey,
    /// A string or a name holds U+0000.
    Nul,
    /// More than [`MAX_DEPTH`] levels.
    TooDeep,
}

impl Fault {
    const fn code(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::RepeatedKey => "repeated_key",
            Self::Nul => "nul_character",
            Self::TooDeep => "too_deep",
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Self::Syntax => "This is not JSON in UTF-8.",
            Self::RepeatedKey => "This member is named twice.",
            Self::Nul => "U+0000 is not allowed in text.",
            Self::TooDeep => "This is nested more than 32 levels deep.",
        }
    }
}

/// Reads exactly one JSON value, or says what is wrong and where.
pub fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let state = State { fault: Cell::new(Fault::Syntax), trail: RefCell::new(vec![Pointer::default()]) };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Strict { state: &state, depth: 0 }.deserialize(&mut reader);
    read.and_then(|value| reader.end().map(|()| value)).map_err(|error| {
        let fault = state.fault.get();
        let pointer = state.trail.borrow().last().cloned().unwrap_or_default();
        let place = format!("{} (line {}, column {})", fault.detail(), error.line(), error.column());
        let violation =
            Violation { part: Part::Body, pointer, code: fault.code(), detail: fault.detail().into() };
        Problem { violations: vec![violation], ..Problem::new(Code::MalformedJson, place) }
    })
}

/// What went wrong so far, and where the reader is.
struct State {
    fault: Cell<Fault>,
    trail: RefCell<Vec<Pointer>>,
}

impl State {
    fn fail<T, E: Error>(&self, fault: Fault) -> Result<T, E> {
        self.fault.set(fault);
        Err(E::custom(fault.code()))
    }

    fn enter(&self, step: impl FnOnce(&Pointer) -> Pointer) {
        let next = self.trail.borrow().last().map(step).unwrap_or_default();
        self.trail.borrow_mut().push(next);
    }

    fn leave(&self) {
        self.trail.borrow_mut().pop();
    }
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    state: &'a State,
    depth: usize,
}

impl Strict<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            self.state.fail(Fault::TooDeep)
        } else {
            Ok(Self { depth: self.depth + 1, ..self })
        }
    }

    fn text<E: Error>(self, text: String) -> Result<String, E> {
        if text.contains('\0') { self.state.fail(Fault::Nul) } else { Ok(text) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.text(value.to_owned()).map(Value::String)
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        self.text(value).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        self.state.enter(|at| at.element(0));
        while let Some(element) = elements.next_element_seed(inner)? {
            array.push(element);
            self.state.leave();
            self.state.enter(|at| at.element(array.len()));
        }
        self.state.leave();
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let name = self.text(name)?;
            self.state.enter(|at| at.member(&name));
            if object.contains_key(&name) {
                return self.state.fail(Fault::RepeatedKey);
            }
            object.insert(name, members.next_value_seed(inner)?);
            self.state.leave();
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(text: &str) -> (String, &'static str) {
        let problem = parse(text.as_bytes()).unwrap_err();
        (problem.violations[0].pointer.to_string(), problem.violations[0].code)
    }

    #[test]
    fn a_repeated_key_is_refused_where_it_is() {
        assert_eq!(fault(r#"{"a":{"b":1,"c":2,"b":3}}"#), ("/a/b".into(), "repeated_key"));
        assert_eq!(fault(r#"{"a":1,"\u0061":2}"#), ("/a".into(), "repeated_key"));
    }

    #[test]
    fn nul_is_refused_in_values_and_in_names() {
        assert_eq!(fault(r#"{"a":["x","y\u0000"]}"#), ("/a/1".into(), "nul_character"));
        assert_eq!(fault(r#"{"\u0000":1}"#), (String::new(), "nul_character"));
    }

    #[test]
    fn thirty_two_levels_pass_and_one_more_does_not() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(fault(&nested(MAX_DEPTH + 1)).1, "too_deep");
        assert_eq!(fault(&"[".repeat(1_000_000)).1, "too_deep");
    }

    #[test]
    fn what_is_not_utf_8_or_not_json_or_more_than_one_value_is_a_syntax_error() {
        assert_eq!(parse(b"{\"a\":\"\xff\"}").unwrap_err().violations[0].code, "syntax");
        for text in ["", "{", "{'a':1}", "1 2", "[1,]", "NaN", "1e999", r#""\ud800""#] {
            assert_eq!(fault(text).1, "syntax", "{text}");
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            "[^\0]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::hash_map("[^\0]{0,6}", inner, 0..5)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_acceptable_reads_as_every_other_reader_reads_it(value in json()) {
            prop_assert_eq!(parse(value.to_string().as_bytes()).unwrap(), value);
        }
    }
}
