package known

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
)

// Live is the Set that is in use now. Readers take it with Load, once for each piece
// of text, and never wait; writers put another one in its place. It is safe for
// concurrent use, and empty until the first Replace.
type Live struct {
	mu  sync.Mutex // held by writers
	set atomic.Pointer[Set]
}

// Load returns the Set that is in use, nil for none.
func (l *Live) Load() *Set { return l.set.Load() }

// Replace puts a snapshot into use.
func (l *Live) Replace(snapshot *Set) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set.Store(snapshot)
}

// Add puts the secrets of delta into use, beside those that are. It fails if delta
// does not fit them; see [Set.With].
func (l *Live) Add(delta *Set) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	set, err := l.Load().With(delta)
	if err == nil {
		l.set.Store(set)
	}
	return err
}

// With returns a Set of the secrets of s and of delta. Nothing is computed again for
// those of s: its tables are copied, which takes a few milliseconds for 100,000 secrets.
// Both must be needles, or indexes with the same keys.
func (s *Set) With(delta *Set) (*Set, error) {
	switch {
	case s == nil:
		return delta, nil
	case delta == nil:
		return s, nil
	}
	switch {
	case s.needles != nil && delta.needles != nil:
		return &Set{
			secrets: slices.Concat(s.secrets, delta.secrets),
			refused: slices.Concat(s.refused, delta.refused),
			needles: s.needles.with(delta.needles, len(s.secrets)),
		}, nil
	case s.index != nil && delta.index != nil && s.index.keys == delta.index.keys:
		t := s.index.with(delta.index.Index)
		return &Set{secrets: t.secrets, refused: t.refused, index: t}, nil
	case s.index != nil && delta.index != nil:
		return nil, errors.New("the indexes were made with different keys")
	default:
		return nil, errors.New("needles and an index cannot be one set")
	}
}
