//! Conversion of a record into a record of another method.

use std::fmt;

use crate::record::{Field, Record, RecordMut, Slot, View};

/// Converts `source` into a record of another type, field by field by wire name.
///
/// Two methods often document the same object, and each has its own type for it. A projection brings both to one type:
///
/// ```
/// use generated_sdk::api::trade::{trades_sold_get, trades_sold_increment_get};
/// use generated_sdk::protocol::project;
///
/// let sold: trades_sold_get::Trade = serde_json::from_str(r#"{"tid":1,"payment":"58.90","orders":[{"oid":2}]}"#)?;
/// let trade: trades_sold_increment_get::Trade = project(&sold)?;
/// assert_eq!((trade.tid, trade.payment.as_deref(), trade.orders[0].oid), (Some(1), Some("58.90"), Some(2)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// No value is lost: a value without a field in `T` is an error. Fields of `T` that `source` lacks stay empty.
///
/// # Errors
///
/// [`ProjectionError`] if the types have a field of the same name and of different kinds, or if `source` has a value whose
/// field `T` lacks. It names the field.
pub fn project<T: RecordMut + Default>(source: &dyn Record) -> Result<T, ProjectionError> {
    let mut target = T::default();
    let types = (source.schema().name, target.schema().name);
    match copy(source, &mut target) {
        Ok(()) => Ok(target),
        Err(Difference { path, problem }) => {
            Err(ProjectionError { source_type: types.0, target_type: types.1, field: path, problem })
        }
    }
}

/// A field differs between the two types of a projection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProjectionError {
    /// The name of the source type.
    pub source_type: &'static str,
    /// The name of the target type.
    pub target_type: &'static str,
    /// The path of the field by wire names, such as `orders[2].oid`.
    pub field: String,
    /// The difference.
    pub problem: ProjectionProblem,
}

/// How a field differs between the two types of a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProjectionProblem {
    /// The source has a value, and the target has no such field.
    MissingInTarget,
    /// The field has one kind in the source and another kind in the target.
    KindMismatch,
}

impl fmt::Display for ProjectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source_type, target_type, field, problem } = self;
        write!(f, "cannot project {source_type} into {target_type}: ")?;
        match problem {
            ProjectionProblem::MissingInTarget => {
                write!(
                    f,
                    "the target has no field `{field}`: clear the field in the source, or choose a target that has it"
                )
            }
            ProjectionProblem::KindMismatch => {
                write!(f, "expected the same kind of `{field}` in both types: convert this field yourself")
            }
        }
    }
}

impl std::error::Error for ProjectionError {}

/// A difference at a path from the record in which it was found.
struct Difference {
    path: String,
    problem: ProjectionProblem,
}

impl Difference {
    fn at(field: &Field, problem: ProjectionProblem) -> Self {
        Self { path: field.name.to_owned(), problem }
    }

    fn within(self, parent: fmt::Arguments<'_>) -> Self {
        Self { path: format!("{parent}.{}", self.path), ..self }
    }
}

fn copy(source: &dyn Record, target: &mut dyn RecordMut) -> Result<(), Difference> {
    let fields = target.schema().fields;
    for (index, field) in source.schema().fields.iter().enumerate() {
        let view = source.view(index);
        match fields.iter().position(|other| other.name == field.name) {
            Some(at) if (fields[at].kind, fields[at].list) == (field.kind, field.list) => {
                fill(field, view, target.slot(at))?
            }
            Some(_) => return Err(Difference::at(field, ProjectionProblem::KindMismatch)),
            None if matches!(view, View::Absent) => {}
            None => return Err(Difference::at(field, ProjectionProblem::MissingInTarget)),
        }
    }
    Ok(())
}

/// Writes a value. Texts fit enums and enums fit texts: both have the value on the wire.
fn fill(field: &Field, view: View<'_>, slot: Slot<'_>) -> Result<(), Difference> {
    match (view, slot) {
        (View::Absent, _) => {}
        (View::Text(text), Slot::Text(slot)) => *slot = Some(text.to_owned()),
        (View::Text(text), Slot::OpenEnum(slot)) => slot.set(text.to_owned()),
        (View::Number(number), Slot::Number(slot)) => *slot = Some(number),
        (View::Boolean(boolean), Slot::Boolean(slot)) => *slot = Some(boolean),
        (View::Date(date), Slot::Date(slot)) => *slot = Some(date),
        (View::Decimal(decimal), Slot::Decimal(slot)) => *slot = Some(decimal),
        (View::Json(json), Slot::Json(slot)) => *slot = Some(json.clone()),
        (View::Object(object), Slot::Object(slot)) => {
            copy(object, slot.fill()).map_err(|difference| difference.within(format_args!("{}", field.name)))?;
        }
        (View::Texts(texts), Slot::Texts(slot)) => *slot = texts.to_vec(),
        (View::Texts(texts), Slot::OpenEnums(slot)) => texts.iter().for_each(|text| slot.push(text.clone())),
        (View::OpenEnums(values), Slot::Texts(slot)) => *slot = values.iter().map(str::to_owned).collect(),
        (View::OpenEnums(values), Slot::OpenEnums(slot)) => values.iter().for_each(|text| slot.push(text.to_owned())),
        (View::Numbers(numbers), Slot::Numbers(slot)) => *slot = numbers.to_vec(),
        (View::Booleans(booleans), Slot::Booleans(slot)) => *slot = booleans.to_vec(),
        (View::Dates(dates), Slot::Dates(slot)) => *slot = dates.to_vec(),
        (View::Decimals(decimals), Slot::Decimals(slot)) => *slot = decimals.to_vec(),
        (View::Jsons(jsons), Slot::Jsons(slot)) => *slot = jsons.to_vec(),
        (View::Objects(objects), Slot::Objects(slot)) => {
            for (index, object) in objects.iter().enumerate() {
                copy(object, slot.push())
                    .map_err(|difference| difference.within(format_args!("{}[{index}]", field.name)))?;
            }
        }
        _ => return Err(Difference::at(field, ProjectionProblem::KindMismatch)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::{DateTime, record};

    #[derive(Clone, Default)]
    struct Order {
        oid: Option<i64>,
        memo: Option<String>,
    }

    record! {
        mut Order {
            0 => oid: Number("oid", Number);
            1 => memo: Text("memo", String);
        }
    }

    #[derive(Clone, Default)]
    struct OtherOrder {
        oid: Option<i64>,
    }

    record! {
        mut OtherOrder {
            0 => oid: Number("oid", Number);
        }
    }

    #[derive(Clone, Default)]
    struct Trade {
        tid: Option<i64>,
        created: Option<DateTime>,
        tags: Vec<String>,
        first: Option<Order>,
        orders: Vec<Order>,
    }

    record! {
        mut Trade {
            0 => tid: Number("tid", Number);
            1 => created: Date("created", Date);
            2 => tags: Texts("tags", String, list);
            3 => first: Object("first", Object);
            4 => orders: Objects("orders", Object, list);
        }
    }

    #[derive(Clone, Default)]
    struct Reordered {
        orders: Vec<OtherOrder>,
        first: Option<OtherOrder>,
        tags: Vec<String>,
        created: Option<DateTime>,
        tid: Option<i64>,
        title: Option<String>,
    }

    record! {
        mut Reordered {
            0 => orders: Objects("orders", Object, list);
            1 => first: Object("first", Object);
            2 => tags: Texts("tags", String, list);
            3 => created: Date("created", Date);
            4 => tid: Number("tid", Number);
            5 => title: Text("title", String);
        }
    }

    #[derive(Clone, Default)]
    struct OtherKind {
        tid: Option<String>,
    }

    record! {
        mut OtherKind {
            0 => tid: Text("tid", String);
        }
    }

    #[derive(Clone, Default)]
    struct OtherList {
        tags: Option<String>,
    }

    record! {
        mut OtherList {
            0 => tags: Text("tags", String);
        }
    }

    fn trade() -> Trade {
        let order = |oid| Order { oid: Some(oid), memo: None };
        Trade {
            tid: Some(7),
            created: Some("2016-01-01 12:00:00".parse().unwrap()),
            tags: vec!["a".to_owned(), "b".to_owned()],
            first: Some(order(1)),
            orders: vec![order(1), order(2)],
        }
    }

    #[test]
    fn matches_fields_by_name() {
        let other: Reordered = project(&trade()).unwrap();
        assert_eq!(
            serde_json::to_value(&other).unwrap(),
            serde_json::json!({
                "tid": 7, "created": "2016-01-01 12:00:00", "tags": ["a", "b"],
                "first": {"oid": 1}, "orders": [{"oid": 1}, {"oid": 2}],
            })
        );
        assert_eq!(project::<Trade>(&other).unwrap(), trade());
        assert_eq!(project::<Reordered>(&Trade::default()).unwrap(), Reordered::default());
    }

    #[test]
    fn names_the_field_that_differs() {
        let mut nested = trade();
        nested.orders[1].memo = Some("m".to_owned());
        let mut first = trade();
        first.first = Some(Order { oid: None, memo: Some("m".to_owned()) });
        let errors = [
            project::<Reordered>(&nested).unwrap_err(),
            project::<Reordered>(&first).unwrap_err(),
            project::<Trade>(&Reordered { title: Some("t".to_owned()), ..Reordered::default() }).unwrap_err(),
            project::<OtherKind>(&Trade::default()).unwrap_err(),
            project::<OtherList>(&Trade { tags: vec!["a".to_owned()], ..Trade::default() }).unwrap_err(),
        ];
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        expect_test::expect![[r#"
            cannot project Trade into Reordered: the target has no field `orders[1].memo`: clear the field in the source, or choose a target that has it
            cannot project Trade into Reordered: the target has no field `first.memo`: clear the field in the source, or choose a target that has it
            cannot project Reordered into Trade: the target has no field `title`: clear the field in the source, or choose a target that has it
            cannot project Trade into OtherKind: expected the same kind of `tid` in both types: convert this field yourself
            cannot project Trade into OtherList: expected the same kind of `tags` in both types: convert this field yourself"#]]
        .assert_eq(&lines.join("\n"));
    }
}
