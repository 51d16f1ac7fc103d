package memory

import (
	"bytes"
	"iter"
)

// node is the root of a treap: in the order of keys from left to right, and of
// ranks from the top down. Ranks are keyed hashes of the keys, so the tree is as
// deep as one built in random order, about 2·ln n, whatever keys come. A
// node that others may see is never changed; nil is the empty tree.
type node struct {
	key, value  []byte
	rank        uint64
	left, right *node
}

// get returns the value of key, nil for none.
func (n *node) get(key []byte) []byte {
	for n != nil {
		switch c := bytes.Compare(key, n.key); {
		case c == 0:
			return n.value
		case c < 0:
			n = n.left
		default:
			n = n.right
		}
	}
	return nil
}

// put returns the tree with one record more, or another value. one is a node of
// its own, whose children it sets.
func (n *node) put(one *node) *node {
	if n == nil {
		return one
	}
	if one.rank > n.rank { // equal keys have equal ranks: it is not below n
		one.left, one.right = n.split(one.key)
		return one
	}
	fresh := *n
	switch c := bytes.Compare(one.key, n.key); {
	case c == 0:
		fresh.value = one.value
	case c < 0:
		fresh.left = n.left.put(one)
	default:
		fresh.right = n.right.put(one)
	}
	return &fresh
}

// split returns the trees of the records before and after key, which is in neither.
func (n *node) split(key []byte) (before, after *node) {
	if n == nil {
		return nil, nil
	}
	fresh := *n
	if bytes.Compare(key, n.key) < 0 {
		before, fresh.left = n.left.split(key)
		return before, &fresh
	}
	fresh.right, after = n.right.split(key)
	return &fresh, after
}

// remove returns the tree without key: n itself if it is not there.
func (n *node) remove(key []byte) *node {
	if n == nil {
		return nil
	}
	c := bytes.Compare(key, n.key)
	if c == 0 {
		return join(n.left, n.right)
	}
	fresh := *n
	if c < 0 {
		fresh.left = n.left.remove(key)
	} else {
		fresh.right = n.right.remove(key)
	}
	if fresh.left == n.left && fresh.right == n.right {
		return n
	}
	return &fresh
}

// join returns the tree of the records of both, where all of before come first.
func join(before, after *node) *node {
	switch {
	case before == nil:
		return after
	case after == nil:
		return before
	case before.rank > after.rank:
		fresh := *before
		fresh.right = join(before.right, after)
		return &fresh
	default:
		fresh := *after
		fresh.left = join(before, after.left)
		return &fresh
	}
}

// from yields the records with keys not before key, in order.
func (n *node) from(key []byte) iter.Seq[*node] {
	return func(yield func(*node) bool) {
		var later []*node // those to yield after what is left of them, deepest last
		descend := func(n *node) {
			for n != nil {
				if bytes.Compare(n.key, key) < 0 {
					n = n.right
					continue
				}
				later = append(later, n)
				n = n.left
			}
		}
		for descend(n); len(later) > 0; {
			last := later[len(later)-1]
			later = later[:len(later)-1]
			if !yield(last) {
				return
			}
			descend(last.right)
		}
	}
}
