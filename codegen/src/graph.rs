//! Cycles among types that contain each other.

use std::collections::{BTreeMap, BTreeSet};

/// The types that each type contains.
pub(crate) type Edges<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Returns the types that lead to a cycle, in linear time.
pub(crate) fn leading_to_cycles<'a>(edges: &Edges<'a>) -> BTreeSet<&'a str> {
    let mut left: BTreeMap<&str, usize> = edges.iter().map(|(from, to)| (*from, to.len())).collect();
    let mut holders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in edges {
        for to in to {
            holders.entry(to).or_default().push(from);
        }
    }
    let mut rest: BTreeSet<&str> = edges.keys().copied().collect();
    let types = edges.keys().chain(edges.values().flatten());
    let mut ready: Vec<&str> = types.copied().filter(|word| edges.get(word).is_none_or(BTreeSet::is_empty)).collect();
    let mut done = BTreeSet::new();
    while let Some(word) = ready.pop() {
        if !done.insert(word) {
            continue;
        }
        rest.remove(word);
        for holder in holders.get(word).into_iter().flatten() {
            if let Some(count) = left.get_mut(holder) {
                *count -= 1;
                if *count == 0 {
                    ready.push(holder);
                }
            }
        }
    }
    rest
}

/// Returns the types on a cycle or on a path between two cycles, in linear time.
pub(crate) fn between_cycles<'a>(edges: &Edges<'a>) -> BTreeSet<&'a str> {
    let mut reversed: Edges<'a> = BTreeMap::new();
    for (from, to) in edges {
        for to in to {
            reversed.entry(to).or_default().insert(from);
        }
    }
    let reached = leading_to_cycles(&reversed);
    leading_to_cycles(edges).into_iter().filter(|word| reached.contains(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles() {
        for (edges, leading, between) in [
            ("ab bc", "", ""),
            ("aa", "a", "a"),
            ("ab ba", "ab", "ab"),
            ("ab bc cb cd", "abc", "bc"),
            ("ab bc cd da xa dy", "abcdx", "abcd"),
            ("ab ba bc cd dc", "abcd", "abcd"),
        ] {
            let mut map: Edges<'_> = BTreeMap::new();
            for edge in edges.split(' ') {
                map.entry(&edge[..1]).or_default().insert(&edge[1..]);
            }
            assert_eq!(leading_to_cycles(&map).into_iter().collect::<String>(), leading, "{edges}");
            assert_eq!(between_cycles(&map).into_iter().collect::<String>(), between, "{edges}");
        }
    }
}
