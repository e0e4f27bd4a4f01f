//! What is wrong with an object of NetBox, said so that its owner can mend it there.
//!
//! Here: [`Objection`], all of which a translation collects. Elsewhere: what is wrong with a
//! line of a file, the mapping's too (`diagnostic`).

use std::fmt;

use serde::Serialize;

/// How much an objection weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// The export fails.
    Error,
    /// It is shown and stops nothing.
    Warning,
    /// Good to know.
    Note,
}

/// The object that is meant, and where a person finds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct About {
    /// In words: `device`, `interface`.
    pub kind: String,
    /// As NetBox names it: `leaf3 Ethernet1`.
    pub name: String,
    /// Its web page, `https://netbox.example/dcim/devices/5/`.
    pub url: String,
}

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Objection {
    /// How much it weighs.
    pub weight: Weight,
    /// A short stable name for machines and searches, such as `device-gone`.
    pub code: &'static str,
    /// The object; none where none is left, or all are meant.
    pub about: Option<About>,
    /// The field, as the REST API names it: `custom_fields.bgp_asn`.
    pub field: Option<String>,
    /// What was found.
    pub message: String,
    /// What would have been taken.
    pub expected: Option<String>,
    /// How to mend it.
    pub hint: Option<String>,
}

impl Objection {
    fn new(weight: Weight, code: &'static str, message: String) -> Self {
        Self { weight, code, about: None, field: None, message, expected: None, hint: None }
    }

    /// An error.
    pub(crate) fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Weight::Error, code, message.into())
    }

    /// A warning.
    pub(crate) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Weight::Warning, code, message.into())
    }

    /// A note.
    pub(crate) fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Weight::Note, code, message.into())
    }

    /// Names the object.
    #[must_use]
    pub(crate) fn about(mut self, about: About) -> Self {
        self.about = Some(about);
        self
    }

    /// Names the field.
    #[must_use]
    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says what would have been taken.
    #[must_use]
    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// As a person reads it; one line and what belongs to it below.
impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Error => "error",
            Weight::Warning => "warning",
            Weight::Note => "note",
        };
        write!(f, "{weight}[{}]: ", self.code)?;
        if let Some(about) = &self.about {
            write!(f, "{} {}: ", about.kind, about.name)?;
        }
        f.write_str(&self.message)?;
        let url = self.about.as_ref().map(|about| &about.url);
        let lines = [
            ("in NetBox", url),
            ("field", self.field.as_ref()),
            ("expected", self.expected.as_ref()),
            ("help", self.hint.as_ref()),
        ];
        for (name, text) in lines {
            if let Some(text) = text {
                write!(f, "\n  {name}: {text}")?;
            }
        }
        Ok(())
    }
}

/// All objections of a translation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Objections(Vec<Objection>);

impl Objections {
    /// Adds one.
    pub(crate) fn push(&mut self, objection: Objection) {
        self.0.push(objection);
    }

    /// Whether the export fails.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|objection| objection.weight == Weight::Error)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Objection> {
        self.0.iter()
    }

    /// Errors first, then by object and code; equal ones once.
    pub(crate) fn sort(&mut self) {
        self.0.sort_by(|a, b| {
            (a.weight, &a.about, a.code, &a.field, &a.message)
                .cmp(&(b.weight, &b.about, b.code, &b.field, &b.message))
        });
        self.0.dedup();
    }
}

impl Extend<Objection> for Objections {
    fn extend<I: IntoIterator<Item = Objection>>(&mut self, objections: I) {
        self.0.extend(objections);
    }
}

impl IntoIterator for Objections {
    type Item = Objection;
    type IntoIter = std::vec::IntoIter<Objection>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Objections {
    type Item = &'a Objection;
    type IntoIter = std::slice::Iter<'a, Objection>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objection_names_the_object_its_page_the_field_and_what_was_expected() {
        let about = About {
            kind: "device".into(),
            name: "leaf3".into(),
            url: "https://netbox.example/dcim/devices/5/".into(),
        };
        let objection = Objection::error("device-asn", "`sixty` is no AS number")
            .about(about)
            .field("custom_fields.bgp_asn")
            .expected("a number from 1 to 4294967295");
        assert_eq!(
            objection.to_string(),
            "error[device-asn]: device leaf3: `sixty` is no AS number\n  \
             in NetBox: https://netbox.example/dcim/devices/5/\n  field: custom_fields.bgp_asn\n  \
             expected: a number from 1 to 4294967295"
        );
        let mut all = Objections::default();
        all.extend([Objection::note("x", "n"), objection.clone(), objection]);
        all.sort();
        assert_eq!(all.iter().map(|objection| objection.code).collect::<Vec<_>>(), ["device-asn", "x"]);
        assert!(all.has_errors());
    }
}
