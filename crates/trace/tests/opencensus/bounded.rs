//! The classes of `test_span.py` on bounded collections.

use trackway::bounded::{BoundedList, BoundedMap, TooMany};

mod bounded_list {
    use super::*;

    #[test]
    fn test_append() {
        let mut list = BoundedList::new(3);
        for item in 0..3 {
            assert_eq!(list.push(item), None);
        }
        assert_eq!((list.len(), list.dropped()), (3, 0));
        assert_eq!(list.push(3), Some(0));
        assert_eq!((list.iter().copied().collect::<Vec<_>>(), list.dropped()), (vec![1, 2, 3], 1));
    }

    #[test]
    fn test_extend() {
        let mut list = BoundedList::new(3);
        list.push(0);
        list.extend([1, 2, 3]);
        assert_eq!((list.iter().copied().collect::<Vec<_>>(), list.dropped()), (vec![1, 2, 3], 1));
        list.extend(4..100);
        assert_eq!((list.get(0), list.get(2), list.get(3), list.dropped()), (Some(&97), Some(&99), None, 97));
    }

    #[test]
    fn test_from_seq() {
        let list = BoundedList::of(3, [1, 2, 3]).unwrap();
        assert_eq!(list.into_iter().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(BoundedList::of(2, [1, 2, 3]), Err(TooMany { given: 3, capacity: 2 }));
    }
}

mod bounded_dict {
    use super::*;

    #[test]
    fn test_set_get() {
        let mut map = BoundedMap::new(2);
        assert_eq!(map.insert("a", 1), None);
        map.insert("b", 2);
        assert_eq!(map.insert("a", 9), Some(1));
        map.insert("c", 3);
        assert_eq!((map.get("a"), map.get("b"), map.get("c")), (Some(&9), None, Some(&3)));
        assert_eq!((map.len(), map.dropped()), (2, 1));
    }

    #[test]
    fn test_del() {
        let mut map = BoundedMap::new(2);
        map.insert("a", 1);
        assert_eq!((map.remove("a"), map.remove("a")), (Some(1), None));
        assert_eq!((map.is_empty(), map.dropped()), (true, 0));
    }

    #[test]
    fn test_from_map() {
        let map = BoundedMap::of(2, [("a", 1), ("b", 2)]).unwrap();
        assert_eq!(map.into_iter().collect::<Vec<_>>(), [("a", 1), ("b", 2)]);
        assert!(BoundedMap::of(1, [("a", 1), ("b", 2)]).is_err());
        assert_eq!(BoundedMap::of(1, [("a", 1), ("a", 2)]).unwrap().get("a"), Some(&2), "one key is one entry");
    }
}
