package known

import "unsafe"

// Stats says what a Set consists of.
type Stats struct {
	Index   bool // an index, not needles
	Secrets int  // that can be found
	Refused int
	// What is looked for: whole secrets, and lines of those that have several. Those of an index are in
	// one of two tiers: of the full one with 26 bits each, the reduced one with 18.
	Needles, Full, Reduced int
	Memory                 int // bytes, about
}

// Stats returns what the Set consists of.
func (s *Set) Stats() (st Stats) {
	if s == nil {
		return st
	}
	st.Secrets, st.Refused = len(s.secrets), len(s.refused)
	st.Memory = size(s.secrets) + size(s.refused)
	for i := range s.secrets {
		st.Memory += len(s.secrets[i].ID)
	}
	if n := s.needles; n != nil {
		st.Needles = len(n.order)
		st.Memory += size(n.needles) + size(n.order) + size(n.groups) + size(n.slots) + size(n.coarse.words) + size(n.fine.words)
		for _, m := range n.memory {
			st.Memory += len(m.bytes)
		}
		return st
	}
	st.Index = true
	for i := range s.index.entries {
		if s.index.entries[i].reduced {
			st.Reduced++
		} else {
			st.Full++
		}
	}
	st.Memory += size(s.index.entries) + size(s.index.heads) + size(s.index.slots) + size(s.index.first[:])
	if s.index.reducedFirst != nil {
		st.Memory += size(s.index.reducedFirst[:])
	}
	return st
}

// size returns the bytes that the elements of a slice take.
func size[T any](s []T) int {
	var t T
	return cap(s) * int(unsafe.Sizeof(t))
}
