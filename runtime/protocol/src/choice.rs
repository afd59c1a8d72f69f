//! Closed lists of values as enums that take in values of tomorrow too.

/// A text that the documents list the values of.
///
/// Generated enums have a variant for each documented value, and `Unlisted` for a value that the platform adds later:
/// a response with such a value can be read all the same.
pub trait Choice: Send + Sync + Sized {
    /// The value on the wire.
    fn as_str(&self) -> &str;

    /// The choice that a value on the wire stands for.
    fn from_text(text: String) -> Self;
}

/// The place for a choice behind [`Slot::Choice`](super::Slot::Choice).
pub trait ChoiceSlot {
    /// Puts the choice that `text` stands for into the place.
    fn set(&mut self, text: String);

    /// Takes away what is there.
    fn clear(&mut self);
}

impl<T: Choice> ChoiceSlot for Option<T> {
    fn set(&mut self, text: String) {
        *self = Some(T::from_text(text));
    }

    fn clear(&mut self) {
        *self = None;
    }
}

/// The list of choices behind [`View::Choices`](super::View::Choices).
pub trait ChoiceList {
    /// How many there are.
    fn count(&self) -> usize;

    /// The value of the one at `index`, if there is one.
    fn choice(&self, index: usize) -> Option<&str>;
}

impl<'a> dyn ChoiceList + 'a {
    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.count()).filter_map(|index| self.choice(index))
    }
}

impl<T: Choice> ChoiceList for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn choice(&self, index: usize) -> Option<&str> {
        self.get(index).map(T::as_str)
    }
}

/// The list to fill behind [`Slot::Choices`](super::Slot::Choices).
pub trait ChoiceListSlot {
    /// Appends the choice that `text` stands for.
    fn push(&mut self, text: String);

    /// Takes away every choice.
    fn clear(&mut self);
}

impl<T: Choice> ChoiceListSlot for Vec<T> {
    fn push(&mut self, text: String) {
        Vec::push(self, T::from_text(text));
    }

    fn clear(&mut self) {
        Vec::clear(self);
    }
}

/// Implements what every generated enum has.
#[doc(hidden)]
#[macro_export]
macro_rules! __choice {
    ($type:ident) => {
        impl $type {
            /// Returns the value on the wire.
            pub fn as_str(&self) -> &str {
                $crate::generated::Choice::as_str(self)
            }
        }

        impl ::core::convert::From<&str> for $type {
            fn from(text: &str) -> Self {
                $crate::generated::Choice::from_text(text.to_owned())
            }
        }

        impl ::core::convert::From<::std::string::String> for $type {
            fn from(text: ::std::string::String) -> Self {
                $crate::generated::Choice::from_text(text)
            }
        }

        impl ::core::str::FromStr for $type {
            type Err = ::core::convert::Infallible;

            fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
                Ok(Self::from(text))
            }
        }

        impl ::core::fmt::Display for $type {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::core::cmp::PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl ::core::cmp::Eq for $type {}

        impl ::core::hash::Hash for $type {
            fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
                ::core::hash::Hash::hash(self.as_str(), state);
            }
        }

        impl $crate::__private::Serialize for $type {
            fn serialize<S: $crate::__private::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::__private::Deserialize<'de> for $type {
            fn deserialize<D: $crate::__private::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                <::std::string::String as $crate::__private::Deserialize>::deserialize(deserializer).map(Self::from)
            }
        }
    };
}
