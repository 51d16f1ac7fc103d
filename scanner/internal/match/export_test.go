package match

import "unsafe"

// Steps returns the work s has done: instructions, and bytes in runs and between
// starts.
func (s *Scratch) Steps() int { return s.steps }

// Outgrown reports whether the last search was left to package regexp.
func (s *Scratch) Outgrown() bool { return s.overflow }

// Memory returns the size of what s holds, in bytes.
func (s *Scratch) Memory() int {
	return 8*cap(s.caps) + int(unsafe.Sizeof(job{}))*cap(s.jobs) + 8*cap(s.reached) + 16*cap(s.failed)
}
