package match

import "math/bits"

// Bounds on the memory of one search. A search that reaches one of them is left
// to package regexp, which needs memory in proportion to the expression only.
const (
	maxMemory = 1 << 18 // words of 8 bytes for what was reached
	maxJobs   = 1 << 16 // of 40 bytes
)

// Scratch is the memory of one search at a time. The zero value is ready. It can be
// used with any number of matchers in turn, and not by two goroutines at once. It
// keeps what it has grown to, 5 MB at most, and nothing of a text.
type Scratch struct {
	caps  []int
	jobs  []job
	begin int // where the attempt that is under way began
	// failed has for runs that remember something the positions from which they
	// fail, their min members already taken.
	failed []interval
	// reached tells which opOnce were reached at which position: size positions
	// have words of 32 rows each. Since starts only move on, the words of positions
	// before begin are free, and position p uses those of p modulo size. The upper
	// half of a word tells whose it is: the search and the multiple of size.
	reached  []uint64
	size     int    // a power of two
	shift    int    // log2 of size
	words    int    // per position
	stamp    uint32 // of the search that is under way
	laps     uint32 // how many stamps it needs
	overflow bool   // a bound was reached
	steps    int    // work done: instructions, and bytes in runs
}

// job is a place to come back to.
type job struct {
	pc   int32
	pos  int
	run  interval // where a run of pc fails from, once the job is used up
	rest int      // members that a lazy run can still take, or branches of a choice, as a mask
}

// prepare readies s for a search of p in text, in which a match will fill slots
// capture slots.
func (s *Scratch) prepare(p *program, text []byte, slots int) {
	if cap(s.caps) < slots {
		s.caps = make([]int, slots)
	}
	s.caps = s.caps[:slots]
	if cap(s.failed) < p.loops {
		s.failed = make([]interval, p.loops)
	}
	s.failed = s.failed[:p.loops]
	for i := range s.failed {
		s.failed[i] = nowhere
	}
	s.words = (p.rows + 31) / 32
	s.shift = max(bits.Len(uint(len(text))), 6)
	for s.words<<s.shift > maxMemory {
		s.shift--
	}
	s.size = 1 << s.shift
	if n := s.size * s.words; len(s.reached) < n {
		s.reached, s.stamp, s.laps = make([]uint64, n), 0, 1
	}
}

// forget readies s for the next search in the same text.
func (s *Scratch) forget(text []byte) {
	for i := range s.caps {
		s.caps[i] = -1
	}
	s.overflow = false
	s.stamp += s.laps
	s.laps = uint32(len(text)>>s.shift) + 1
	if s.stamp > ^uint32(0)-s.laps {
		clear(s.reached)
		s.stamp = 1
	}
}

// visit notes that the opOnce of a row was reached at pos, and reports whether
// that was the first time.
func (s *Scratch) visit(row int32, pos int) bool {
	if pos-s.begin >= s.size {
		s.overflow = true
		return false
	}
	word := &s.reached[(pos&(s.size-1))*s.words+int(row>>5)]
	stamp, bit := s.stamp+uint32(pos>>s.shift), uint64(1)<<(row&31)
	if uint32(*word>>32) != stamp {
		*word = uint64(stamp) << 32
	}
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}

func (s *Scratch) push(j job) {
	if len(s.jobs) == maxJobs {
		s.overflow = true
		return
	}
	s.jobs = append(s.jobs, j)
}
