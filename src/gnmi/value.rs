//! Values on the wire (gNMI specification §2.2.3, §2.3).
//!
//! Here: [`from_wire`] takes a value in whatever encoding a device chose, [`to_wire`]
//! writes JSON. Elsewhere: what the JSON means, where a number that should be a string
//! is understood all the same (`yang::json`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Number, Value};

use super::capabilities::Encoding;
use super::proto;
use super::proto::typed_value::Value as Member;

/// YANG's greatest `fraction-digits` (RFC 7950 §9.3.4). Bounds the text made of two numbers
/// of a device.
const MAX_FRACTION_DIGITS: u32 = 18;

/// Why a value from a device cannot be used. Never holds the value: it may be a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ValueError {
    /// No member is filled.
    #[error("no value")]
    Empty,
    /// A JSON member holds something else. Only the position of the fault is kept.
    #[error("a value that is not JSON, at line {line} column {column}")]
    Json { line: usize, column: usize },
    /// A number that JSON cannot hold.
    #[error("a number that is no number (NaN or infinite)")]
    NotFinite,
    /// More digits behind the point than YANG has.
    #[error("a decimal number with {0} digits behind the point; YANG allows 18")]
    Precision(u32),
    /// A leaf-list inside a leaf-list.
    #[error("a leaf-list inside a leaf-list")]
    Nested,
    /// A protobuf message, which no YANG leaf holds.
    #[error("a protobuf message in place of a value")]
    Opaque,
}

/// A JSON value in the encoding that was agreed on.
pub(crate) fn to_wire(value: &Value, encoding: Encoding) -> proto::TypedValue {
    let text = value.to_string().into_bytes();
    let member = match encoding {
        Encoding::JsonIetf => Member::JsonIetfVal(text),
        Encoding::Json => Member::JsonVal(text),
    };
    proto::TypedValue { value: Some(member) }
}

/// The JSON of an update, whichever of its members the device filled.
///
/// Whole numbers become JSON numbers whatever their size, decimals of the member
/// `decimal_val` and bytes become text as in RFC 7951.
pub(crate) fn from_wire(update: &proto::Update) -> Result<Value, ValueError> {
    match update.val.as_ref().and_then(|val| val.value.as_ref()) {
        Some(Member::LeaflistVal(list)) => {
            let scalars = list.element.iter().map(|element| match element.value.as_ref() {
                Some(Member::LeaflistVal(_)) => Err(ValueError::Nested),
                Some(member) => scalar(member),
                None => Err(ValueError::Empty),
            });
            Ok(Value::Array(scalars.collect::<Result<_, _>>()?))
        }
        Some(member) => scalar(member),
        None => deprecated_value(update),
    }
}

#[expect(deprecated, reason = "old devices still fill these members")]
fn scalar(member: &Member) -> Result<Value, ValueError> {
    Ok(match member {
        Member::JsonVal(text) | Member::JsonIetfVal(text) => json(text)?,
        Member::StringVal(text) | Member::AsciiVal(text) => Value::from(text.as_str()),
        Member::IntVal(number) => Value::from(*number),
        Member::UintVal(number) => Value::from(*number),
        Member::BoolVal(truth) => Value::from(*truth),
        Member::BytesVal(bytes) => Value::from(BASE64.encode(bytes)),
        Member::DoubleVal(number) => double(*number)?,
        // By its shortest text, so that 0.1 stays 0.1 and gains no digits.
        Member::FloatVal(number) => double(number.to_string().parse().unwrap_or(f64::NAN))?,
        Member::DecimalVal(decimal) => Value::from(decimal_text(decimal)?),
        Member::LeaflistVal(_) => return Err(ValueError::Nested),
        Member::AnyVal(_) | Member::ProtoBytes(_) => return Err(ValueError::Opaque),
    })
}

fn json(text: &[u8]) -> Result<Value, ValueError> {
    serde_json::from_slice(text)
        .map_err(|error| ValueError::Json { line: error.line(), column: error.column() })
}

fn double(number: f64) -> Result<Value, ValueError> {
    Number::from_f64(number).map(Value::Number).ok_or(ValueError::NotFinite)
}

fn decimal_text(decimal: &proto::Decimal64) -> Result<String, ValueError> {
    if decimal.precision > MAX_FRACTION_DIGITS {
        return Err(ValueError::Precision(decimal.precision));
    }
    let sign = if decimal.digits < 0 { "-" } else { "" };
    let divisor = 10_u64.pow(decimal.precision);
    let (whole, fraction) =
        (decimal.digits.unsigned_abs() / divisor, decimal.digits.unsigned_abs() % divisor);
    let width = decimal.precision as usize;
    // RFC 7950 §9.3.2: at least one digit behind the point.
    Ok(if width == 0 { format!("{sign}{whole}.0") } else { format!("{sign}{whole}.{fraction:0width$}") })
}

/// The member `value`, which devices filled before there was `val`.
#[expect(deprecated, reason = "old devices still fill it")]
fn deprecated_value(update: &proto::Update) -> Result<Value, ValueError> {
    let old = update.value.as_ref().ok_or(ValueError::Empty)?;
    match old.r#type() {
        proto::Encoding::Json | proto::Encoding::JsonIetf => json(&old.value),
        proto::Encoding::Ascii => Ok(Value::from(String::from_utf8_lossy(&old.value))),
        proto::Encoding::Bytes => Ok(Value::from(BASE64.encode(&old.value))),
        proto::Encoding::Proto => Err(ValueError::Opaque),
    }
}

#[cfg(test)]
#[expect(deprecated, reason = "what old devices send is tested")]
mod tests {
    use proptest::prelude::*;
    use prost::Message as _;
    use serde_json::json;

    use super::*;

    fn update(member: Member) -> proto::Update {
        proto::Update { val: Some(proto::TypedValue { value: Some(member) }), ..proto::Update::default() }
    }

    fn list(members: Vec<Member>) -> Member {
        let element = members.into_iter().map(|member| proto::TypedValue { value: Some(member) }).collect();
        Member::LeaflistVal(proto::ScalarArray { element })
    }

    fn decimal(digits: i64, precision: u32) -> Member {
        Member::DecimalVal(proto::Decimal64 { digits, precision })
    }

    #[test]
    fn every_member_of_a_value_becomes_json() {
        for (case, member, expected) in [
            ("RFC 7951", Member::JsonIetfVal(br#"{"m:a":"1"}"#.to_vec()), json!({"m:a": "1"})),
            ("plain JSON", Member::JsonVal(b" [1, null] ".to_vec()), json!([1, null])),
            ("text", Member::StringVal("a".into()), json!("a")),
            ("command line", Member::AsciiVal("hostname x".into()), json!("hostname x")),
            ("signed", Member::IntVal(-5), json!(-5)),
            ("unsigned", Member::UintVal(u64::MAX), json!(u64::MAX)),
            ("truth", Member::BoolVal(true), json!(true)),
            ("bytes", Member::BytesVal(vec![0, 255]), json!("AP8=")),
            ("double", Member::DoubleVal(0.5), json!(0.5)),
            ("single keeps its digits", Member::FloatVal(0.1), json!(0.1)),
            ("decimal", decimal(-314, 2), json!("-3.14")),
            ("decimal below one", decimal(5, 3), json!("0.005")),
            ("decimal without fraction", decimal(7, 0), json!("7.0")),
            ("smallest decimal", decimal(i64::MIN, 18), json!("-9.223372036854775808")),
            ("leaf-list", list(vec![Member::UintVal(1), Member::StringVal("b".into())]), json!([1, "b"])),
            ("empty leaf-list", list(vec![]), json!([])),
        ] {
            assert_eq!(from_wire(&update(member)).unwrap(), expected, "{case}");
        }
    }

    #[test]
    fn a_value_that_cannot_be_read_says_why_and_not_what() {
        for (case, member, expected) in [
            ("broken JSON", Member::JsonVal(b"{\"a\": hunter2}".to_vec()), "not JSON, at line 1 column 7"),
            ("empty JSON", Member::JsonIetfVal(vec![]), "not JSON, at line 1 column 0"),
            ("deep JSON", Member::JsonVal(b"[".repeat(100_000)), "not JSON, at line 1 column 128"),
            ("no number", Member::DoubleVal(f64::NAN), "NaN or infinite"),
            ("infinite", Member::FloatVal(f32::INFINITY), "NaN or infinite"),
            ("too many digits", decimal(1, u32::MAX), "4294967295 digits"),
            ("nested", list(vec![list(vec![])]), "inside a leaf-list"),
            ("a message", Member::ProtoBytes(vec![]), "protobuf message"),
        ] {
            let error = from_wire(&update(member)).unwrap_err().to_string();
            assert!(error.contains(expected), "{case}: {error}");
            assert!(!error.contains("hunter2"), "{case}: {error}");
        }
        assert!(matches!(from_wire(&proto::Update::default()), Err(ValueError::Empty)));
    }

    #[test]
    fn the_value_of_an_old_device_is_read() {
        for (encoding, bytes, expected) in [
            (proto::Encoding::Json, &b"5"[..], json!(5)),
            (proto::Encoding::JsonIetf, &b"\"x\""[..], json!("x")),
            (proto::Encoding::Ascii, &b"text"[..], json!("text")),
            (proto::Encoding::Bytes, &[0][..], json!("AA==")),
        ] {
            let value = Some(proto::Value { value: bytes.to_vec(), r#type: encoding.into() });
            let old = proto::Update { value, ..proto::Update::default() };
            assert_eq!(from_wire(&old).unwrap(), expected, "{encoding:?}");
        }
    }

    #[test]
    fn json_is_sent_in_the_member_of_its_encoding() {
        let sent = to_wire(&json!({"a": 1}), Encoding::JsonIetf);
        assert_eq!(sent.value, Some(Member::JsonIetfVal(br#"{"a":1}"#.to_vec())));
        let sent = to_wire(&json!(null), Encoding::Json);
        assert_eq!(sent.value, Some(Member::JsonVal(b"null".to_vec())));
    }

    proptest! {
        #[test]
        fn no_bytes_from_the_wire_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(update) = proto::Update::decode(bytes.as_slice()) {
                let _ = from_wire(&update);
            }
            let _ = from_wire(&update(Member::JsonVal(bytes.clone())));
        }

        #[test]
        fn a_decimal_is_its_digits_with_a_point(digits in any::<i64>(), precision in 1_u32..=18) {
            let text = from_wire(&update(decimal(digits, precision))).unwrap();
            let text = text.as_str().unwrap();
            prop_assert_eq!(text.replace('.', "").parse::<i64>().unwrap(), digits);
            prop_assert_eq!(text.rsplit_once('.').unwrap().1.len(), precision as usize);
        }
    }
}
