//! Reflection of generated types: a table of fields, and access to each field by its index.

use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::open_enum::{OpenEnumField, OpenEnumList, OpenEnumListSlot, OpenEnumSlot};
use super::{DateTime, File};

/// A documented type (docs/protocol.md section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Text.
    String,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A date and time at GMT+8.
    Date,
    /// Money, an exact decimal.
    Price,
    /// An exact decimal.
    BigDecimal,
    /// JSON text.
    Json,
    /// A JSON object with any keys.
    Map,
    /// Names of fields to return, joined by commas.
    FieldList,
    /// A whole number of one byte.
    Byte,
    /// A file.
    File,
    /// An object with documented fields.
    Object,
}

impl Kind {
    /// Returns the documented name of the type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Number => "Number",
            Self::Boolean => "Boolean",
            Self::Date => "Date",
            Self::Price => "Price",
            Self::BigDecimal => "BigDecimal",
            Self::Json => "Json",
            Self::Map => "Map",
            Self::FieldList => "Field List",
            Self::Byte => "byte",
            Self::File => "byte[]",
            Self::Object => "object",
        }
    }
}

/// A row of the table: the documentation of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The exact name on the wire.
    pub name: &'static str,
    /// The documented type, of one element if the field is a list.
    pub kind: Kind,
    /// Whether the field is a list.
    pub list: bool,
    /// Whether a request without the field is invalid.
    pub required: bool,
    /// Whether the value is redacted in all output.
    pub secret: bool,
    /// The limits of the value in a request.
    pub limits: &'static [Limit],
}

/// A documented limit of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// The maximum number of UTF-16 units of a text, as the official SDKs count (docs/protocol.md section 6). The maximum
    /// number of bytes of a file.
    MaxLength(u64),
    /// The maximum number of elements of a list, or of a text of elements joined by commas.
    MaxListSize(u64),
    /// The minimum.
    MinValue(i64),
    /// The maximum.
    MaxValue(i64),
}

impl Field {
    /// An optional text without a name: what a row of a table does not state.
    pub const DEFAULT: Self =
        Self { name: "", kind: Kind::String, list: false, required: false, secret: false, limits: &[] };

    /// Creates a field.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, ..Self::DEFAULT }
    }
}

/// The table of a type.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The name of the Rust type.
    pub name: &'static str,
    /// The fields in documented order. [`Record`] and [`RecordMut`] take their indexes.
    pub fields: &'static [Field],
}

/// A type whose fields can be read by index.
pub trait Record: Send + Sync {
    /// Returns the table of the type.
    fn schema(&self) -> &'static Schema;

    /// Returns the field at `index` of the table, or [`View::Absent`] beyond its end.
    fn view(&self, index: usize) -> View<'_>;
}

/// A type whose fields can be set by index.
pub trait RecordMut: Record {
    /// Returns the field at `index` of the table, or [`Slot::None`] beyond its end.
    fn slot(&mut self, index: usize) -> Slot<'_>;
}

/// A borrowed value of a field.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum View<'a> {
    /// No value. It is not sent, not signed and not printed.
    Absent,
    /// Text.
    Text(&'a str),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Boolean(bool),
    /// A date and time.
    Date(DateTime),
    /// An exact decimal.
    Decimal(Decimal),
    /// Any JSON value.
    Json(&'a Json),
    /// A file.
    File(&'a File),
    /// An object.
    Object(&'a dyn Record),
    /// A list of texts.
    Texts(&'a [String]),
    /// A list of whole numbers.
    Numbers(&'a [i64]),
    /// A list of `true` and `false`.
    Booleans(&'a [bool]),
    /// A list of dates.
    Dates(&'a [DateTime]),
    /// A list of exact decimals.
    Decimals(&'a [Decimal]),
    /// A list of JSON values.
    Jsons(&'a [Json]),
    /// A list of files.
    Files(&'a [File]),
    /// A list of enums.
    OpenEnums(&'a dyn OpenEnumList),
    /// A list of objects.
    Objects(&'a dyn ObjectList),
}

/// A borrowed field, of the type that it has in the struct.
///
/// A struct has few types of fields, so that a function of a generated type only chooses one, which compiles fast.
/// [`view`](Self::view) reads the value.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum FieldRef<'a> {
    /// No field.
    None,
    /// An optional text.
    Text(&'a Option<String>),
    /// A required text.
    RequiredText(&'a String),
    /// A list of texts.
    Texts(&'a [String]),
    /// An optional whole number.
    Number(&'a Option<i64>),
    /// A required whole number.
    RequiredNumber(&'a i64),
    /// A list of whole numbers.
    Numbers(&'a [i64]),
    /// An optional `true` or `false`.
    Boolean(&'a Option<bool>),
    /// A required `true` or `false`.
    RequiredBoolean(&'a bool),
    /// A list of `true` and `false`.
    Booleans(&'a [bool]),
    /// An optional date and time.
    Date(&'a Option<DateTime>),
    /// A required date and time.
    RequiredDate(&'a DateTime),
    /// A list of dates.
    Dates(&'a [DateTime]),
    /// An optional exact decimal.
    Decimal(&'a Option<Decimal>),
    /// A required exact decimal.
    RequiredDecimal(&'a Decimal),
    /// A list of exact decimals.
    Decimals(&'a [Decimal]),
    /// An optional JSON value.
    Json(&'a Option<Json>),
    /// A required JSON value.
    RequiredJson(&'a Json),
    /// A list of JSON values.
    Jsons(&'a [Json]),
    /// An optional file.
    File(&'a Option<File>),
    /// A required file.
    RequiredFile(&'a File),
    /// A list of files.
    Files(&'a [File]),
    /// An enum, optional or required.
    OpenEnum(&'a dyn OpenEnumField),
    /// A list of enums.
    OpenEnums(&'a dyn OpenEnumList),
    /// An object, optional or required.
    Object(&'a dyn ObjectField),
    /// A list of objects.
    Objects(&'a dyn ObjectList),
}

impl<'a> FieldRef<'a> {
    /// Returns the value. An empty list and a JSON `null` are [`View::Absent`].
    pub fn view(self) -> View<'a> {
        match self {
            Self::Text(Some(text)) | Self::RequiredText(text) => View::Text(text),
            Self::Number(Some(number)) | Self::RequiredNumber(number) => View::Number(*number),
            Self::Boolean(Some(boolean)) | Self::RequiredBoolean(boolean) => View::Boolean(*boolean),
            Self::Date(Some(date)) | Self::RequiredDate(date) => View::Date(*date),
            Self::Decimal(Some(decimal)) | Self::RequiredDecimal(decimal) => View::Decimal(*decimal),
            Self::Json(Some(json)) | Self::RequiredJson(json) if !json.is_null() => View::Json(json),
            Self::File(Some(file)) | Self::RequiredFile(file) => View::File(file),
            Self::OpenEnum(field) => field.text().map_or(View::Absent, View::Text),
            Self::Object(field) => field.object().map_or(View::Absent, View::Object),
            Self::Texts(texts) if !texts.is_empty() => View::Texts(texts),
            Self::Numbers(numbers) if !numbers.is_empty() => View::Numbers(numbers),
            Self::Booleans(booleans) if !booleans.is_empty() => View::Booleans(booleans),
            Self::Dates(dates) if !dates.is_empty() => View::Dates(dates),
            Self::Decimals(decimals) if !decimals.is_empty() => View::Decimals(decimals),
            Self::Jsons(jsons) if !jsons.is_empty() => View::Jsons(jsons),
            Self::Files(files) if !files.is_empty() => View::Files(files),
            Self::OpenEnums(values) if values.count() > 0 => View::OpenEnums(values),
            Self::Objects(objects) if objects.count() > 0 => View::Objects(objects),
            _ => View::Absent,
        }
    }
}

/// A mutably borrowed field.
#[non_exhaustive]
pub enum Slot<'a> {
    /// No field.
    None,
    /// Text.
    Text(&'a mut Option<String>),
    /// A whole number.
    Number(&'a mut Option<i64>),
    /// `true` or `false`.
    Boolean(&'a mut Option<bool>),
    /// A date and time.
    Date(&'a mut Option<DateTime>),
    /// An exact decimal.
    Decimal(&'a mut Option<Decimal>),
    /// Any JSON value.
    Json(&'a mut Option<Json>),
    /// An enum.
    OpenEnum(&'a mut dyn OpenEnumSlot),
    /// An object.
    Object(&'a mut dyn ObjectSlot),
    /// A list of texts.
    Texts(&'a mut Vec<String>),
    /// A list of whole numbers.
    Numbers(&'a mut Vec<i64>),
    /// A list of `true` and `false`.
    Booleans(&'a mut Vec<bool>),
    /// A list of dates.
    Dates(&'a mut Vec<DateTime>),
    /// A list of exact decimals.
    Decimals(&'a mut Vec<Decimal>),
    /// A list of JSON values.
    Jsons(&'a mut Vec<Json>),
    /// A list of enums.
    OpenEnums(&'a mut dyn OpenEnumListSlot),
    /// A list of objects.
    Objects(&'a mut dyn ObjectListSlot),
}

/// The object of [`FieldRef::Object`].
pub trait ObjectField {
    /// Returns the object.
    fn object(&self) -> Option<&dyn Record>;
}

impl<T: Record> ObjectField for T {
    fn object(&self) -> Option<&dyn Record> {
        Some(self)
    }
}

impl<T: Record> ObjectField for Option<T> {
    fn object(&self) -> Option<&dyn Record> {
        self.as_ref().map(|object| object as &dyn Record)
    }
}

/// The objects of [`View::Objects`].
pub trait ObjectList {
    /// Returns the number of objects.
    fn count(&self) -> usize;

    /// Returns the object at `index`.
    fn object(&self, index: usize) -> Option<&dyn Record>;
}

impl<'a> dyn ObjectList + 'a {
    /// Returns an iterator over the objects.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Record> {
        (0..self.count()).filter_map(|index| self.object(index))
    }
}

impl<T: Record> ObjectList for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn object(&self, index: usize) -> Option<&dyn Record> {
        self.get(index).map(|object| object as &dyn Record)
    }
}

/// The optional object of [`Slot::Object`].
pub trait ObjectSlot {
    /// Sets an empty object and returns it.
    fn fill(&mut self) -> &mut dyn RecordMut;

    /// Removes the object.
    fn clear(&mut self);
}

impl<T: RecordMut + Default> ObjectSlot for Option<T> {
    fn fill(&mut self) -> &mut dyn RecordMut {
        self.insert(T::default())
    }

    fn clear(&mut self) {
        *self = None;
    }
}

/// The list of [`Slot::Objects`].
pub trait ObjectListSlot {
    /// Appends an empty object and returns it.
    fn push(&mut self) -> &mut dyn RecordMut;

    /// Reserves memory for this number of further objects.
    fn reserve(&mut self, additional: usize);

    /// Removes all objects.
    fn clear(&mut self);
}

impl<T: RecordMut + Default> ObjectListSlot for Vec<T> {
    fn push(&mut self) -> &mut dyn RecordMut {
        let index = self.len();
        Vec::push(self, T::default());
        &mut self[index]
    }

    fn reserve(&mut self, additional: usize) {
        Vec::reserve(self, additional);
    }

    fn clear(&mut self) {
        Vec::clear(self);
    }
}

/// Forwards to the record. Recursive objects are boxed.
impl<T: Record> Record for Box<T> {
    fn schema(&self) -> &'static Schema {
        (**self).schema()
    }

    fn view(&self, index: usize) -> View<'_> {
        (**self).view(index)
    }
}

impl<T: RecordMut> RecordMut for Box<T> {
    fn slot(&mut self, index: usize) -> Slot<'_> {
        (**self).slot(index)
    }
}

/// Returns whether two records of one type have equal values.
// Compiled once, and not again in every generated type.
#[inline(never)]
pub fn equal(left: &dyn Record, right: &dyn Record) -> bool {
    (0..left.schema().fields.len()).all(|index| left.view(index) == right.view(index))
}

/// Removes all values of a record.
pub(crate) fn clear(record: &mut dyn RecordMut) {
    for index in 0..record.schema().fields.len() {
        match record.slot(index) {
            Slot::None => {}
            Slot::Text(place) => *place = None,
            Slot::Number(place) => *place = None,
            Slot::Boolean(place) => *place = None,
            Slot::Date(place) => *place = None,
            Slot::Decimal(place) => *place = None,
            Slot::Json(place) => *place = None,
            Slot::OpenEnum(place) => place.clear(),
            Slot::Object(place) => place.clear(),
            Slot::Texts(list) => list.clear(),
            Slot::Numbers(list) => list.clear(),
            Slot::Booleans(list) => list.clear(),
            Slot::Dates(list) => list.clear(),
            Slot::Decimals(list) => list.clear(),
            Slot::Jsons(list) => list.clear(),
            Slot::OpenEnums(list) => list.clear(),
            Slot::Objects(list) => list.clear(),
        }
    }
}

impl PartialEq for View<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Absent, Self::Absent) => true,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Json(a), Self::Json(b)) => a == b,
            (Self::File(a), Self::File(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => equal(*a, *b),
            (Self::Texts(a), Self::Texts(b)) => a == b,
            (Self::Numbers(a), Self::Numbers(b)) => a == b,
            (Self::Booleans(a), Self::Booleans(b)) => a == b,
            (Self::Dates(a), Self::Dates(b)) => a == b,
            (Self::Decimals(a), Self::Decimals(b)) => a == b,
            (Self::Jsons(a), Self::Jsons(b)) => a == b,
            (Self::Files(a), Self::Files(b)) => a == b,
            (Self::OpenEnums(a), Self::OpenEnums(b)) => a.iter().eq(b.iter()),
            (Self::Objects(a), Self::Objects(b)) => {
                a.count() == b.count() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
            }
            _ => false,
        }
    }
}

/// Implements [`Record`] with a table, and the traits that need only the table. `mut` marks a type that responses are
/// decoded into, and implements [`RecordMut`].
///
/// A row has the index, the field of the struct, its [`FieldRef`] or [`Slot`], the wire name, the [`Kind`], the properties of
/// the [`Field`] that are true, and its limits:
///
/// ```text
/// record! {
///     mut Trade {
///         0 => tid: Number("tid", Number);
///         1 => title: Text("title", String, required, secret, [MaxLength(60)]);
///     }
/// }
/// ```
///
/// A table of constants needs no evaluation at compile time, unlike one of `const fn` calls.
#[doc(hidden)]
#[macro_export]
macro_rules! __record {
    (mut $type:ident { $(
        $index:literal => $field:tt: $shape:ident(
            $name:literal, $kind:ident $(, $property:ident)* $(, [$($limit:ident($bound:literal)),*])?
        );
    )* }) => {
        $crate::__record! {
            $type { $($index => $field: $shape($name, $kind $(, $property)* $(, [$($limit($bound)),*])?);)* }
        }

        impl $crate::generated::RecordMut for $type {
            fn slot(&mut self, index: usize) -> $crate::generated::Slot<'_> {
                match index {
                    $($index => $crate::generated::Slot::$shape(&mut self.$field),)*
                    _ => $crate::generated::Slot::None,
                }
            }
        }

        impl<'de> $crate::__private::Deserialize<'de> for $type {
            fn deserialize<D: $crate::__private::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::__private::deserialize(deserializer)
            }
        }
    };
    ($type:ident { $(
        $index:literal => $field:tt: $shape:ident(
            $name:literal, $kind:ident $(, $property:ident)* $(, [$($limit:ident($bound:literal)),*])?
        );
    )* }) => {
        impl $crate::generated::Record for $type {
            fn schema(&self) -> &'static $crate::generated::Schema {
                &$crate::generated::Schema {
                    name: ::core::stringify!($type),
                    fields: &[$($crate::generated::Field {
                        name: $name,
                        kind: $crate::generated::Kind::$kind,
                        $($property: true,)*
                        $(limits: &[$($crate::generated::Limit::$limit($bound)),*],)?
                        ..$crate::generated::Field::DEFAULT
                    }),*],
                }
            }

            fn view(&self, index: usize) -> $crate::generated::View<'_> {
                $crate::generated::FieldRef::view(match index {
                    $($index => $crate::generated::FieldRef::$shape(&self.$field),)*
                    _ => $crate::generated::FieldRef::None,
                })
            }
        }

        impl ::core::fmt::Debug for $type {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::__private::debug(self, f)
            }
        }

        impl ::core::cmp::PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                $crate::__private::equal(self, other)
            }
        }

        impl $crate::__private::Serialize for $type {
            fn serialize<S: $crate::__private::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::__private::serialize(self, serializer)
            }
        }
    };
}

/// Implements `Debug` of the struct with the required fields of a type, like that type, with secrets redacted.
#[doc(hidden)]
#[macro_export]
macro_rules! __required {
    ($required:ident => $type:ident) => {
        impl ::core::fmt::Debug for $required {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #[allow(deprecated, reason = "a deprecated type prints its fields too")]
                let record = $type::new(::core::clone::Clone::clone(self));
                $crate::__private::debug_as(::core::stringify!($required), &record, f)
            }
        }
    };
}

pub(crate) use crate::__record as record;
