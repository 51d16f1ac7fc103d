package known

import "crypto/sha256"

// Dumped is what someone who reads the memory of a process sees of one entry.
type Dumped struct {
	ID             string
	Number         uint32 // what it is looked up under: its place times Factor
	Reduced        bool
	Offset, Length int
	Digest         [digestLen]byte
}

// Dump returns what is in the memory of a process that uses an index.
func Dump(s *Set) (keys Keys, factor uint32, entries []Dumped) {
	t := s.index
	for i := range t.entries {
		e := &t.entries[i]
		number := t.number(e.place)
		if e.reduced {
			number = t.reducedNumber(e.place)
		}
		entries = append(entries, Dumped{t.secrets[e.secret].ID, number, e.reduced, int(e.offset), int(e.length), e.digest})
	}
	return t.keys, t.factor, entries
}

// PlaceOf returns the place of a window.
func PlaceOf(k *Keys, window []byte) uint32 { return k.placeOf(window) & (1<<placeBits - 1) }

// DigestOf returns the digest of a value.
func DigestOf(sc *Scratch, k *Keys, id string, value []byte) [digestLen]byte {
	sc.use(k)
	return sc.digest(id, value)
}

// Plant returns an index of values that it does not refuse, however easy they are to
// guess. Their window is at their start.
func (k Keys) Plant(values []Value) *Index {
	ix := &Index{keys: k}
	var sc Scratch
	sc.use(&k)
	for i, v := range values {
		plain := v.Plain.Reveal()
		ix.secrets = append(ix.secrets, v.Secret)
		ix.entries = append(ix.entries, entry{place: PlaceOf(&k, plain), length: uint32(len(plain)), secret: uint32(i), digest: sc.digest(v.ID, plain)})
	}
	return ix
}

// Seal gives the body of an index file the magic and the checksum it must have.
func Seal(body []byte) []byte {
	data := append([]byte(indexMagic), body...)
	sum := sha256.Sum256(data)
	return append(data, sum[:]...)
}

// Bits that an index gives away, and what must be left.
const (
	PlaceBits    = placeBits
	ReducedBits  = reducedBits
	WindowLen    = windowLen
	FullFloor    = fullFloor
	ReducedFloor = reducedFloor
	MaxReduced   = maxReduced
	MaxSharing   = maxSharing
	GateLen      = gateLen
)
