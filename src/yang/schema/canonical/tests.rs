//! Tests of values against types, each type in a schema of its own.

use proptest::prelude::*;
use serde_json::json;

use super::super::pack;
use super::*;

/// A schema whose only leaf has this type.
fn schema(ty: &str) -> (Schema, TypeId) {
    let text = format!(
        "gitfabric-pack 1\nmodule m\nmodule n\nidentity m:A m:BASE\nidentity m:BASE\nidentity m:C m:A\n\
         identity m:TWICE m:BASE\nidentity n:TWICE m:BASE\nidentity n:OTHER\nnodes\nm:leaf leaf {ty}\n"
    );
    let schema = pack::read(&text).unwrap_or_else(|error| panic!("{ty}: {error}"));
    let super::super::Kind::Leaf { ty, .. } = schema.nodes[0].kind else { panic!("a leaf") };
    (schema, ty)
}

#[test]
fn every_type_has_its_canonical_form() {
    for (ty, given, expected) in [
        ("uint16", "9214", "9214"),
        ("uint16", "+9214", "9214"),
        ("uint16", "0x23fe", "9214"),
        ("uint16", "010", "8"),
        ("uint16", "0", "0"),
        ("int8", "-128", "-128"),
        ("int8", "-0", "0"),
        ("uint64", "18446744073709551615", "18446744073709551615"),
        ("decimal64/2", "1.50", "1.5"),
        ("decimal64/2", "-0.05", "-0.05"),
        ("decimal64/2", "+007", "7.0"),
        ("decimal64/2", "1.500", "1.5"),
        ("decimal64/18", "9.223372036854775807", "9.223372036854775807"),
        ("boolean", "true", "true"),
        ("empty", "", ""),
        ("bits(r,w,x)", "x r", "r x"),
        ("bits(r,w,x)", "r  r", "r"),
        ("bits(r,w,x)", "", ""),
        ("binary", "AQI", "AQI="),
        ("binary", " AQ\nI= ", "AQI="),
        ("identityref(m:BASE)", "A", "m:A"),
        ("identityref(m:BASE)", "m:A", "m:A"),
        ("identityref(m:BASE)", "prefix:A", "m:A"),
        ("identityref(m:BASE)", "C", "m:C"),
        ("identityref(m:BASE)", "n:TWICE", "n:TWICE"),
        ("leafref(/leaf,uint8)", "0x10", "16"),
        ("union(uint8,string)", "007", "7"),
        ("union(uint8,string)", "300", "300"),
        ("union(string,uint8)", "007", "007"),
        ("string", " a ", " a "),
        ("mac", "00:1C:73:AA:00:99", "00:1c:73:aa:00:99"),
        ("ipv6", "2001:DB8:0:0::1", "2001:db8::1"),
        ("ipv6", "fe80::0:1%Et1", "fe80::1%Et1"),
        ("ipv6-prefix", "2001:DB8:0::/32", "2001:db8::/32"),
        ("ipv4", "10.0.0.1", "10.0.0.1"),
        ("ipv4-prefix", "10.0.0.1/24", "10.0.0.1/24"),
        ("ipv6~`[0-9A-F:]*`", "2001:DB8::1", "2001:DB8::1"),
    ] {
        let (schema, ty_id) = schema(ty);
        let seen = schema.scalar_from_text(ty_id, given);
        assert_eq!(seen.as_ref().map(Scalar::as_str), Ok(expected), "{ty} {given:?}");
    }
}

#[test]
fn a_value_that_does_not_fit_is_refused_with_what_would() {
    let enumeration = "enum(ACCESS,TRUNK)";
    for (ty, given, message, hint) in [
        ("uint16(68..9214)", "20", "\"20\" is not a number from 68 to 9214", ""),
        ("uint8", "256", "\"256\" is not a number from 0 to 255", ""),
        ("uint8", "--1", "\"--1\" is not a number from 0 to 255", ""),
        ("uint8", "0x", "\"0x\" is not a number from 0 to 255", ""),
        ("uint8", "08", "\"08\" is not a number from 0 to 255", ""),
        ("uint8", "1 ", "\"1 \" is not a number from 0 to 255", ""),
        ("uint8(1|5..6)", "2", "\"2\" is not a number of 1 or from 5 to 6", ""),
        (
            "decimal64/1",
            "1.55",
            "\"1.55\" is not a decimal number with at most 1 digits behind the point",
            "",
        ),
        (
            "decimal64/1(0.0..1.0)",
            "2",
            "\"2\" is not a decimal number from 0.0 to 1.0 with at most 1 digits behind the point",
            "",
        ),
        ("decimal64/18", "10", "\"10\" is not a decimal number with at most 18 digits behind the point", ""),
        ("boolean", "True", "\"True\" is not true or false", ""),
        (enumeration, "trunk", "\"trunk\" is not one of `ACCESS`, `TRUNK`", "did you mean `TRUNK`?"),
        (
            "bits(read,write)",
            "raed",
            "\"raed\" is not a set of one of `read`, `write`",
            "did you mean `read`?",
        ),
        ("binary(3)", "AQI=", "\"AQI=\" is not bytes in base64, a number of 3", ""),
        ("identityref(m:BASE)", "BASE", "\"BASE\" is not one of `A`, `C`, `TWICE`, `TWICE`", ""),
        (
            "identityref(m:BASE)",
            "TWICE",
            "\"TWICE\" is not one of `A`, `C`, `TWICE`, `TWICE`",
            "write `m:TWICE` or `n:TWICE`",
        ),
        (
            "identityref(m:BASE)",
            "n:A",
            "\"n:A\" is not one of `A`, `C`, `TWICE`, `TWICE`",
            "did you mean `m:A`?",
        ),
        ("identityref(m:A,n:OTHER)", "C", "\"C\" is not an identity", ""),
        ("string(1..3)", "éééé", "\"éééé\" is not text with a length from 1 to 3", ""),
        (
            "ipv4~`[0-9.]*`",
            "10.0.0.x",
            "\"10.0.0.x\" is not an IPv4 address",
            "it must match the pattern [0-9.]*",
        ),
        (
            "union(uint8(1..2),enum(auto))",
            "atuo",
            "\"atuo\" is not a number from 1 to 2, or one of `auto`",
            "did you mean `auto`?",
        ),
        ("instance-identifier", "x", "\"x\" is not a path to an instance", ""),
    ] {
        let (schema, ty_id) = schema(ty);
        let error = schema.scalar_from_text(ty_id, given).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.hint.as_deref().unwrap_or("")),
            (message, hint),
            "{ty}"
        );
    }
}

#[test]
fn json_is_read_leniently_and_written_strictly() {
    for (ty, given, written) in [
        ("uint16", json!(5), json!(5)),
        ("uint16", json!("5"), json!(5)),
        ("uint16", json!(5.0), json!(5)),
        ("uint64", json!(5), json!("5")),
        ("uint64", json!(u64::MAX), json!("18446744073709551615")),
        ("int64", json!("-5"), json!("-5")),
        ("decimal64/2", json!(1.5), json!("1.5")),
        ("decimal64/2", json!("1.50"), json!("1.5")),
        ("boolean", json!(true), json!(true)),
        ("boolean", json!("false"), json!(false)),
        ("empty", json!([null]), json!([null])),
        ("identityref(m:BASE)", json!("A"), json!("m:A")),
        ("string", json!("5"), json!("5")),
        ("string", json!(5), json!("5")),
        ("union(uint8,string)", json!("5"), json!(5)),
    ] {
        let (schema, ty_id) = schema(ty);
        let scalar = schema.scalar_from_json(ty_id, &given).unwrap();
        assert_eq!(Schema::scalar_to_json(&scalar), written, "{ty} {given}");
    }
    for given in [json!(null), json!([]), json!({}), json!([1]), json!(1.5), json!(1e300), json!(-1)] {
        let (schema, ty_id) = schema("uint16");
        assert!(schema.scalar_from_json(ty_id, &given).is_err(), "{given}");
    }
}

#[test]
fn identities_that_derive_from_each_other_end() {
    let text =
        "gitfabric-pack 1\nmodule m\nidentity m:A m:B\nidentity m:B m:A\nnodes\nm:l leaf identityref(m:A)\n";
    let schema = pack::read(text).unwrap();
    assert_eq!(schema.scalar_from_text(TypeId(0), "B").unwrap().as_str(), "m:B");
    assert!(schema.scalar_from_text(TypeId(0), "C").is_err());
}

proptest! {
    #[test]
    fn a_canonical_value_is_its_own_canonical_form(text in "[-+0-9a-fx:.%/ ]{0,12}|.{0,6}", which in 0usize..12) {
        let ty = [
            "int8", "uint64", "decimal64/3", "string", "ipv4", "ipv6", "ipv6-prefix", "mac", "binary",
            "bits(a,b)", "union(uint8,ipv6,string)", "identityref(m:BASE)",
        ][which];
        let (schema, ty_id) = schema(ty);
        if let Ok(scalar) = schema.scalar_from_text(ty_id, &text) {
            prop_assert_eq!(schema.scalar_from_text(ty_id, scalar.as_str()), Ok(scalar.clone()));
            prop_assert_eq!(schema.scalar_from_json(ty_id, &Schema::scalar_to_json(&scalar)), Ok(scalar));
        }
    }
}
