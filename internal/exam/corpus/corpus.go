// Package corpus makes the text that tests, demonstrations and benchmarks scan:
// logs of many services, a small source tree, and a second corpus of minified
// script, deep JSON, base64 and languages other than English.
//
// Real logs and real secrets cannot be kept in a repository, so everything is made
// up here from a seed: the same seed gives the same bytes on every machine, in
// constant memory, faster than a scanner reads it. What the text looks like is
// data: formats/ holds one file per log format, written as templates (see the type
// field). Secrets stand only where a caller asks for them and each one is
// reported with its place, so that recall can be counted.
package corpus

import (
	"bytes"
	"io"
	"math/rand/v2"
	"time"
)

// bufferSize is how much text gathers before it is written, in bytes.
const bufferSize = 64 << 10

// epoch is the time at which every stream starts.
var epoch = time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)

// stream makes text from a seed and writes it. Makers append to buf; fill writes it
// out. It is not safe for concurrent use.
type stream struct {
	w       io.Writer
	err     error // of the first write that failed; nothing is written after it
	rng     *rand.Rand
	buf     []byte
	written int64 // bytes handed to w
	lines   int   // newlines before buf[counted]
	counted int
	now     time.Time // what clocks in the text show

	secret  Secret        // what the field "secret" writes when it names no rule
	planted func(Planted) // called for every secret written
}

func newStream(w io.Writer, seed uint64) *stream {
	return &stream{
		w: w, rng: rand.New(rand.NewPCG(seed, 0x5e_c7e7)), now: epoch,
		buf: make([]byte, 0, 2*bufferSize), planted: func(Planted) {},
	}
}

// size returns how many bytes were made.
func (s *stream) size() int64 { return s.written + int64(len(s.buf)) }

// fill calls more, which appends to s.buf, until size bytes are made.
func (s *stream) fill(size int64, more func()) error {
	for s.size() < size && s.err == nil {
		more()
		if len(s.buf) >= bufferSize {
			s.flush()
		}
	}
	return s.flush()
}

func (s *stream) flush() error {
	s.line()
	if s.err == nil {
		_, s.err = s.w.Write(s.buf)
	}
	s.written += int64(len(s.buf))
	s.buf, s.counted = s.buf[:0], 0
	return s.err
}

// line returns the number, from 1, of the line being made.
func (s *stream) line() int {
	s.lines += bytes.Count(s.buf[s.counted:], []byte{'\n'})
	s.counted = len(s.buf)
	return 1 + s.lines
}

// between returns a number from low to high, both included.
func (s *stream) between(low, high int) int { return low + s.rng.IntN(high-low+1) }

// chance reports true in percent of a hundred calls.
func (s *stream) chance(percent int) bool { return s.rng.IntN(100) < percent }

// put appends text.
func (s *stream) put(text ...string) {
	for _, t := range text {
		s.buf = append(s.buf, t...)
	}
}

// pick returns one of list.
func (s *stream) pick(list []string) string { return list[s.rng.IntN(len(list))] }

// random appends n characters of alphabet, which has at most 64.
func (s *stream) random(alphabet string, n int) {
	for n > 0 {
		bits := s.rng.Uint64()
		for range min(n, 10) { // ten indices of six bits
			s.buf = append(s.buf, alphabet[int(bits&63)%len(alphabet)])
			bits >>= 6
		}
		n -= min(n, 10)
	}
}
