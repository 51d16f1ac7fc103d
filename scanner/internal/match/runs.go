package match

import "unicode/utf8"

// A run of a class between min and max members is first taken min times, then
// matched from there in one of three ways. An unlimited run that failed leaves
// behind that no run of this instruction that begins where it began, or further
// on inside it, can lead to a match; that makes a search linear on text that is
// one long run.

// width returns the length of the member of the class of in at pos, 0 when there
// is none.
func (in *inst) width(text []byte, pos int) int {
	if pos >= len(text) {
		return 0
	}
	b := text[pos]
	if in.table[b]&in.member != 0 {
		return 1
	}
	if b < utf8.RuneSelf {
		return 0
	}
	return in.class.wideWidth(text[pos:])
}

// scan returns the end of the run of at most n members that begins at pos, and
// how many of the n are missing.
func (in *inst) scan(text []byte, pos, n int) (end, missing int) {
	for {
		ascii := text[pos:]
		if len(ascii) > n {
			ascii = ascii[:n]
		}
		length := len(ascii)
		for i, b := range ascii {
			if in.table[b]&in.member == 0 {
				length = i
				break
			}
		}
		pos, n = pos+length, n-length
		if length == len(ascii) || text[pos] < utf8.RuneSelf {
			return pos, n
		}
		width := in.class.wideWidth(text[pos:])
		if width == 0 {
			return pos, n
		}
		pos, n = pos+width, n-1
	}
}

// skip returns how many ASCII members, n at most, text begins with, up to and not
// including the first that what follows the run can begin with.
func (in *inst) skip(text []byte, n int) int {
	if len(text) > n {
		text = text[:n]
	}
	if len(text) == 0 || in.table[text[0]]&in.member == 0 {
		return 0
	}
	for i, b := range text[1:] {
		if sets := in.table[b]; sets&in.follow != 0 || sets&in.member == 0 {
			return i + 1
		}
	}
	return len(text)
}

// leads reports whether what follows the run can match at pos.
func (in *inst) leads(text []byte, pos int) bool {
	if pos == len(text) {
		return in.atEnd
	}
	return in.table[text[pos]]&in.follow != 0 && (in.heads == nil || in.heads.at(text, pos))
}

// interval is a range of positions, both ends included.
type interval struct{ from, to int }

// nowhere is an interval without positions.
var nowhere = interval{unlimited, -1}

func (i interval) holds(pos int) bool { return i.from <= pos && pos <= i.to }

// least returns the position after the min members that a run must have, -1 when
// there are not enough or when the run is known to fail from there.
func (s *Scratch) least(in *inst, text []byte, pos int) int {
	if in.min > 0 {
		end, missing := in.scan(text, pos, in.min)
		s.steps += end - pos
		if missing > 0 {
			return -1
		}
		pos = end
	}
	if in.max == unlimited && s.failed[in.failed].holds(pos) {
		return -1
	}
	return pos
}

// within returns the text in which a run that has come to pos can end: it goes no
// further than where a run is known to fail.
func (s *Scratch) within(in *inst, text []byte, pos int) []byte {
	if in.max == unlimited && pos < s.failed[in.failed].from {
		return text[:min(s.failed[in.failed].from, len(text))]
	}
	return text
}

// longest goes to the end of the run. Nothing that follows it can match earlier.
func (s *Scratch) longest(in *inst, pc int32, text []byte, pos int) int {
	from := s.least(in, text, pos)
	if from < 0 {
		return -1
	}
	within := s.within(in, text, from)
	to, _ := in.scan(within, from, in.max-in.min)
	s.steps += to - from
	if len(within) < len(text) && to == len(within) {
		s.fail(in, interval{from, s.failed[in.failed].to})
		return -1
	}
	if !in.leads(text, to) {
		s.fail(in, interval{from, to})
		return -1
	}
	if in.max == unlimited {
		s.push(job{pc: pc, run: interval{from, to}})
	}
	return to
}

// greedy goes to the end of the run and leaves a job that gives members back.
func (s *Scratch) greedy(in *inst, pc int32, text []byte, pos int) int {
	from := s.least(in, text, pos)
	if from < 0 {
		return -1
	}
	within := s.within(in, text, from)
	to, _ := in.scan(within, from, in.max-in.min)
	s.steps += to - from
	j := job{pc: pc, pos: to, run: interval{from, to}}
	if len(within) < len(text) && to == len(within) {
		j.run.to = s.failed[in.failed].to
	} else if in.leads(text, to) {
		s.push(j)
		return to
	}
	return s.shorter(in, text, j)
}

// shorter gives members of a greedy run back until what follows can match. It
// returns the end of the run, -1 when it is used up.
func (s *Scratch) shorter(in *inst, text []byte, j job) int {
	pos := j.pos
	for pos > j.run.from {
		width := 1
		if text[pos-1] >= utf8.RuneSelf {
			_, width = utf8.DecodeLastRune(text[j.run.from:pos])
		}
		pos -= width
		if in.leads(text, pos) {
			s.steps += j.pos - pos
			j.pos = pos
			s.push(j)
			return pos
		}
	}
	s.steps += j.pos - pos
	s.fail(in, j.run)
	return -1
}

// lazy goes to the first place where what follows can match, and leaves a job
// that takes further members.
func (s *Scratch) lazy(in *inst, pc int32, text []byte, pos int) int {
	from := s.least(in, text, pos)
	if from < 0 {
		return -1
	}
	j := job{pc: pc, pos: from, run: interval{from: from}, rest: in.max - in.min}
	if failed := s.failed[in.failed]; failed.holds(from) {
		j.pos, j.rest = failed.to, j.rest-(failed.to-from)
	} else if in.leads(text, from) {
		s.push(j)
		return from
	}
	return s.longer(in, text, j)
}

// longer takes members of a lazy run until what follows can match. It returns the
// end of the run, -1 when it can take no more.
func (s *Scratch) longer(in *inst, text []byte, j job) int {
	if in.max == unlimited && s.failed[in.failed].holds(j.pos) {
		s.fail(in, interval{j.run.from, s.failed[in.failed].to})
		return -1
	}
	within := s.within(in, text, j.pos)
	pos, to := j.pos, -1
	for j.rest > 0 {
		if n := in.skip(within[pos:], j.rest); n > 0 {
			pos, j.rest = pos+n, j.rest-n
		} else if width := in.width(within, pos); width > 0 {
			pos, j.rest = pos+width, j.rest-1
		} else {
			break
		}
		if pos == len(within) && len(within) < len(text) {
			to = s.failed[in.failed].to
			break
		}
		if in.leads(text, pos) {
			s.steps += pos - j.pos
			j.pos = pos
			s.push(j)
			return pos
		}
	}
	s.steps += pos - j.pos
	j.run.to = max(pos, to)
	s.failLazy(in, j)
	return -1
}

// failLazy notes that a lazy run has failed. Of a run with a limit it is noted
// that what follows fails at every place in j.run, which says how far another run
// has to go before it can match; bytes are counted for members there.
func (s *Scratch) failLazy(in *inst, j job) {
	if in.max != unlimited {
		if j.run.to-j.run.from != in.max-in.min-max(j.rest, 0) {
			return
		}
		if failed := s.failed[in.failed]; failed.holds(j.run.from) {
			j.run = interval{failed.from, max(failed.to, j.run.to)}
		}
	}
	s.failed[in.failed] = j.run
}

// fail notes that an unlimited run has failed wherever in places it begins.
func (s *Scratch) fail(in *inst, places interval) {
	if in.max == unlimited {
		s.failed[in.failed] = places
	}
}
